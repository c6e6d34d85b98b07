"""One bond's page at the desk: evidence, payments, refunds by two persons, disputes, decisions."""

from __future__ import annotations

from collections.abc import Callable

from flask import render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, current_person, instant_now, reading, requires, status_of
from accounts.queries import names_of
from accounts.rules import Role
from bidding import forms
from bidding.models import Bond
from bidding.queries import bonds as queries
from bidding.routes.blueprint import blueprint, done
from bidding.routes.bonds.desk import READERS, released
from bidding.routes.bonds.shown import shown_bond, shown_refund
from bidding.rules.bonds import PAPERS, duplicates, masked
from bidding.services import bonds as services
from core.act import Act
from core.calendar import day_of
from core.errors import Conflict, Invalid, Missing, Refusal
from core.forms import day, text
from core.ledger.log import entries_of

MOST_GUARANTEE = 256 * 1024


def own(act: Act, code: str, bond_id: int) -> Bond:
    """The bond of that section, or Missing."""
    section = released(act.session, code)
    bond = queries.bond_by_id(act.session, bond_id)
    if bond.section_id != section.id:
        raise Missing("bond.unknown")
    return bond


@blueprint.get("/bonds/desk/<code>/<int:bond_id>")
@requires(*READERS)
def bond(code: str, bond_id: int) -> tuple[str, int]:
    """One bond with everything that is known of it and what may be done next."""
    return _page(code, bond_id, [])


def _page(code: str, bond_id: int, errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    person = current_person()
    with reading() as session:
        section = released(session, code)
        held = queries.bond_by_id(session, bond_id)
        if held.section_id != section.id:
            raise Missing("bond.unknown")
        open_ones = {one.id for one in queries.unrefunded(session, held)}
        back = queries.shares_of(session, held)
        law = queries.bond_law(section)
        lines, entries = queries.payments(session, held), entries_of(session, held.subject)
        twice = set(duplicates(queries.as_payments(lines), held.asked_fen))
        page = render_template(
            "bidding/bonds/bond.html",
            section=section,
            shown=shown_bond(session, held),
            bond=held,
            payments=[
                {
                    "line": one,
                    "account": masked(one.payer_account),
                    "is_open": one.id in open_ones,
                    "back_fen": back.get(one.id, 0),
                    "is_twice": one.reference in twice,
                }
                for one in lines
            ],
            refunds=[shown_refund(session, one) for one in queries.refunds(session, held)],
            orders=queries.orders(session, held),
            entries=entries,
            names=names_of(session, {str((one.facts or {}).get("actor")) for one in entries}),
            convertible_fen=_convertible(session, held),
            causes=law.words("bond_forfeit_causes"),
            forfeit_law=law.rules.get("bond_forfeit_causes"),
            works_here=current_actor().has(Role.FINANCE),
            me=person.id if person else None,
            today=day_of(instant_now()),
            values=request.form,
            errors=errors,
        )
    return page, status


def _convertible(session: Session, bond: Bond) -> int:
    """What of the winner's bid bond may still become this performance bond."""
    if bond.kind != "performance" or bond.number is None or bond.state not in ("declared", "faulty"):
        return 0
    bid = queries.bond(session, bond.section, bond.number)
    if bid is None or bid.form in PAPERS or bid.state not in ("held", "due"):
        return 0
    return 0 if queries.is_going_back(session, bid) else queries.held_fen(session, bid)


def _changed(code: str, bond_id: int, change: Callable[[Act, Bond], object], said: str) -> Response | tuple[str, int]:
    try:
        with acting() as act:
            change(act, own(act, code, bond_id))
    except Refusal as refusal:
        if refusal.code == "refund.other_account":
            with acting() as act:
                services.record_attempt(act, own(act, code, bond_id), request.form.get("typed_account", "")[:120])
        return _page(code, bond_id, [refusal], status_of(refusal))
    return done(said, "bidding.bond", code=code, bond_id=bond_id)


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/refunds/<int:payment_id>")
@requires(Role.FINANCE)
def prepare_refund(code: str, bond_id: int, payment_id: int) -> Response | tuple[str, int]:
    """The first person: the account is typed from the bank's slip; another than the payer's is refused and told."""

    def change(act: Act, bond: Bond) -> None:
        line = next((one for one in queries.payments(act.session, bond, "in") if one.id == payment_id), None)
        if line is None:
            raise Missing("bond.payment_unknown", reference=payment_id)
        services.prepare_refund(
            act,
            bond,
            line,
            **forms.read_refund(request.form),
        )

    return _changed(code, bond_id, change, _("退还单已提交，等另一人复核。"))


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/approve/<int:refund_id>")
@requires(Role.FINANCE)
def approve_refund(code: str, bond_id: int, refund_id: int) -> Response | tuple[str, int]:
    """The second person: everything is counted anew before the bank is told."""

    def change(act: Act, bond: Bond) -> None:
        services.approve_refund(act, queries.refund_of(act.session, bond, refund_id))

    return _changed(code, bond_id, change, _("已复核：金额和账户独立重算一致，付款指令已签发。"))


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/return/<int:refund_id>")
@requires(Role.FINANCE)
def return_refund(code: str, bond_id: int, refund_id: int) -> Response | tuple[str, int]:
    """The second person sends it back."""

    def change(act: Act, bond: Bond) -> None:
        services.return_refund(
            act, queries.refund_of(act.session, bond, refund_id), reason=text(request.form, "returning", most=500)
        )

    return _changed(code, bond_id, change, _("退还单已退回。"))


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/confirm/<int:refund_id>")
@requires(Role.FINANCE)
def confirm_refund(code: str, bond_id: int, refund_id: int) -> Response | tuple[str, int]:
    """Where a bank takes no orders: what its slip says."""

    def change(act: Act, bond: Bond) -> None:
        services.confirm_refund(
            act,
            queries.refund_of(act.session, bond, refund_id),
            **forms.read_payment(request.form),
        )

    return _changed(code, bond_id, change, _("付款已入账。"))


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/order")
@requires(Role.FINANCE)
def confirm_order(code: str, bond_id: int) -> Response | tuple[str, int]:
    """Where an institution takes no orders, or is not one of those registered: what its slip says."""

    def change(act: Act, bond: Bond) -> None:
        services.confirm_order(act, bond, reference=text(request.form, "receipt", most=120))

    return _changed(code, bond_id, change, _("机构回执已登记。"))


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/dispute")
@requires(*READERS)
def dispute_bond(code: str, bond_id: int) -> Response | tuple[str, int]:
    """Everything about the bond stops."""

    def change(act: Act, bond: Bond) -> None:
        services.dispute_bond(act, bond, reason=text(request.form, "dispute", most=500))

    return _changed(code, bond_id, change, _("已暂停：争议解决以前不退还、不扣留。"))


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/settle")
@requires(*READERS)
def settle_dispute(code: str, bond_id: int) -> Response | tuple[str, int]:
    """The dispute is over; the bond stands where it stood."""

    def change(act: Act, bond: Bond) -> None:
        services.settle_dispute(act, bond, outcome=text(request.form, "outcome", most=500))

    return _changed(code, bond_id, change, _("争议已解决，保证金恢复原来的状态。"))


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/convert")
@requires(Role.FINANCE)
def convert_bond(code: str, bond_id: int) -> Response | tuple[str, int]:
    """The winner's bid bond in money becomes (part of) this performance bond, as the winner asks in writing."""

    def change(act: Act, bond: Bond) -> None:
        services.convert_bid_bond(act, bond.section, _performance(bond))

    return _changed(code, bond_id, change, _("投标保证金已转为履约保证金。"))


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/guarantee")
@requires(Role.FINANCE)
def receive_guarantee(code: str, bond_id: int) -> Response | tuple[str, int]:
    """The winner's guarantee for the performance bond, checked as a bid's is; its faults are shown and kept with it."""

    def change(act: Act, bond: Bond) -> None:
        number, file = _performance(bond), request.files.get("file")
        if file is None or not file.filename:
            raise Invalid("form.required", field="file")
        content = file.read(MOST_GUARANTEE + 1)
        if len(content) > MOST_GUARANTEE:
            raise Invalid("guarantee.malformed", field="file", place="size")
        services.receive_performance_bond(
            act, bond.section, number, content=content, valid_until=day(request.form, "valid_until")
        )

    return _changed(code, bond_id, change, _("履约保函已登记，核对结果见本页。"))


def _performance(bond: Bond) -> int:
    if bond.kind != "performance" or bond.number is None or bond.state not in ("declared", "faulty"):
        raise Conflict("performance.not_awaited", name=bond.name)
    return bond.number


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/forfeit")
@requires(Role.FINANCE)
def forfeit_bond(code: str, bond_id: int) -> Response | tuple[str, int]:
    """Keep it, on the tenderee's written decision, for a cause the law names (R-156)."""

    def change(act: Act, bond: Bond) -> None:
        services.forfeit_bond(
            act,
            bond,
            **forms.read_forfeit(request.form),
        )

    return _changed(code, bond_id, change, _("已记录不予退还的决定。"))


@blueprint.post("/bonds/desk/<code>/<int:bond_id>/restore")
@requires(Role.FINANCE)
def restore_bond(code: str, bond_id: int) -> Response | tuple[str, int]:
    """What kept it was reversed: the money is owed again."""

    def change(act: Act, bond: Bond) -> None:
        services.restore_bond(act, bond, **forms.read_restoring(request.form))

    return _changed(code, bond_id, change, _("保证金恢复应退，信用事实已撤销。"))

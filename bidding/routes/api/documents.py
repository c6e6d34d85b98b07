"""The files of a draft for its owners' programs: documents, the bill of quantities, who is invited.

Each change names the draft as it was seen; the answer is the draft as it stands then, with its new tag.
"""

from __future__ import annotations

from pathlib import Path

from flask import request
from sqlalchemy.orm import Session

from accounts.access import current_actor
from accounts.routes.api.frame import check_match, operation
from bidding import queries, services
from bidding.models import Section
from bidding.routes.api import contents, shapes
from bidding.routes.api.drafts import OWNERS, READ, WRITE, draft_told
from bidding.routes.blueprint import blueprint
from bidding.rules.boq import Bill, errors_of, tender_bill
from bidding.rules.boq.apart import read_apart
from bidding.services.projects import DOCUMENT_SLOTS
from core.act import Act
from core.api.files import Sent
from core.errors import Conflict, Invalid


def _may_add(session: Session, code: str, slot: str, asked: contents.DocumentAsked) -> None:
    if slot not in DOCUMENT_SLOTS:
        raise Invalid("form.choice", field="slot", found=slot, options=list(DOCUMENT_SLOTS))
    _may_change(session, code)


def _may_change(session: Session, code: str, **_: object) -> None:
    """Before a byte is received: one's own draft, as it was seen; under a key the answer may be one given before."""
    section = queries.own_section(session, code, current_actor())
    if "Idempotency-Key" not in request.headers:
        check_match(draft_told(session, section))
    if section.state != "draft":
        raise Conflict("section.published", section=code)


def _seen(act: Act, code: str) -> Section:
    section = queries.own_section(act.session, code, act.actor)
    services.lock_row(act, section)
    check_match(draft_told(act.session, section))
    return section


@operation(
    blueprint, "PUT", "/drafts/<code>/documents/<slot>", tag="drafts", answer=shapes.DraftTold, scope=WRITE,
    roles=OWNERS, needs_match=True, takes_file=True, takes_key=True, asked=contents.DocumentAsked, allowed=_may_add,
)  # fmt: skip
def put_api_document(act: Act, code: str, slot: str, asked: contents.DocumentAsked, sent: Sent) -> shapes.DraftTold:
    """Put a file into a slot of the draft's documents; one that stands there is replaced."""
    section = _seen(act, code)
    services.add_document(act, section, slot, asked.name, sent.keep(act.store))
    return draft_told(act.session, section)


def _read_bill(sent: Sent, code: str, asked: contents.DocumentAsked) -> Bill:
    """The bill in the file, read apart; Invalid with every finding where it has errors."""
    stated = read_apart(sent.path)
    title = stated.title if stated.section == code else Path(asked.name).stem[:100]
    bill, findings = tender_bill(stated, section=code, title=title)
    if bill is None:
        wrong = [one.as_json() for one in findings][:200]
        raise Invalid("boq.refused", field="body", errors=len(errors_of(findings)), findings=wrong)
    return bill


@operation(
    blueprint, "PUT", "/drafts/<code>/bill", tag="drafts", answer=shapes.DraftTold, scope=WRITE, roles=OWNERS,
    needs_match=True, takes_file=True, takes_key=True, asked=contents.DocumentAsked, allowed=_may_change,
    read=_read_bill,
)  # fmt: skip
def put_api_bill(act: Act, code: str, asked: contents.DocumentAsked, sent: Sent, read: Bill) -> shapes.DraftTold:
    """Publish the bill of quantities as data, from .xlsx in the layout of the template or from XML."""
    section = _seen(act, code)
    services.set_bill(act, section, read)
    return draft_told(act.session, section)


def _invitees(session: Session, section: Section) -> contents.InviteesTold:
    return contents.InviteesTold(
        items=[
            contents.InviteeTold(identifier=one.identifier, name=one.name, is_invited=one.is_invited)
            for one in queries.invitees(session, section)
        ]
    )


@operation(
    blueprint, "GET", "/drafts/<code>/invitees", tag="drafts", answer=contents.InviteesTold, scope=READ, roles=OWNERS
)  # fmt: skip
def api_invitees(session: Session, code: str) -> contents.InviteesTold:
    """Who may be invited, where the tender is not open to all."""
    return _invitees(session, queries.own_section(session, code, current_actor()))


@operation(
    blueprint, "PUT", "/drafts/<code>/invitees", tag="drafts", answer=contents.InviteesTold,
    given=contents.InviteesGiven, scope=WRITE, roles=OWNERS, needs_match=True,
)  # fmt: skip
def put_api_invitees(act: Act, code: str, given: contents.InviteesGiven) -> contents.InviteesTold:
    """Replace the list of those who may be invited; the draw from it is a person's."""
    section = queries.own_section(act.session, code, act.actor)
    services.lock_row(act, section)
    check_match(_invitees(act.session, section))
    services.list_invitees(act, section, [(one.identifier.upper(), one.name) for one in given.items])
    return _invitees(act.session, section)

"""Organisations and people: registered once, verified by a person, roles that never clash (R-010…R-014, R-040)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from accounts import queries, services
from accounts.rules import Role
from core.act import Act, Platform
from core.errors import Conflict, Forbidden, Invalid, Refusal
from core.ledger.log import audit
from tests import factories
from tests.factories import PASSWORD, uscc

ActAs = Callable[..., AbstractContextManager[Act]]
BAD_DIGIT = "91310115MA1G4L1WXK"


def test_one_code_one_organisation(act_as: ActAs) -> None:
    """However it is typed (R-013). Seen red: looking the code up before normalising it."""
    with act_as(Role.BIDDER) as act:
        services.register_organisation(act, name="甲公司", identifier=uscc(700))
        with pytest.raises(Conflict) as caught:
            services.register_organisation(act, name="乙公司", identifier=f" {uscc(700).lower()}　")
    assert caught.value.code == "organisation.duplicate"


def test_wrong_check_digits_need_evidence_and_an_operator(act_as: ActAs, platform: Platform) -> None:
    """R-012: warn, record, let a person confirm; never refuse outright. Seen red: granting the role at once."""
    with act_as(Role.BIDDER) as act, pytest.raises(Invalid) as caught:
        services.register_organisation(act, name="丙公司", identifier=BAD_DIGIT)
    assert caught.value.code == "uscc.evidence"
    with act_as(Role.BIDDER) as act:
        own = services.register_organisation(act, name="丙公司", identifier=BAD_DIGIT, evidence="营业执照 注册号 3101")
        person = services.register_member(act, login="chen", name="陈", organisation=own, password=PASSWORD)
        assert queries.roles_of(act.session, person.id) == frozenset()
        with pytest.raises(Conflict, match=r"organisation\.unverified"):
            services.grant_role(act, person, Role.BIDDER)
    with act_as(Role.OPERATOR) as act:
        own = queries.registered_organisation(act.session, BAD_DIGIT)
        services.verify_organisation(act, own, evidence="现场核对营业执照原件")
        assert (own.verified_by, own.verified_at) == (act.actor.name, act.now)
        assert queries.roles_of(act.session, queries.person(act.session, "chen").id) == {Role.BIDDER}
        with pytest.raises(Conflict, match=r"organisation\.verified"):
            services.verify_organisation(act, own, evidence="再来一次")
        kinds = [entry.kind for entry in queries.history(act.session, f"organisation:{own.id}")]
        assert kinds == ["organisation.verify", "organisation.register"]


def test_a_good_code_needs_nobodys_approval(act_as: ActAs) -> None:
    """R-021: registration opens the role at once."""
    with act_as(Role.BIDDER) as act:
        own = services.register_organisation(act, name="丁公司", identifier=uscc(701))
        person = services.register_member(act, login="ding", name="丁", organisation=own, password=PASSWORD)
        assert queries.roles_of(act.session, person.id) == {Role.BIDDER}


def test_a_correction_keeps_the_old_entry(act_as: ActAs, platform: Platform) -> None:
    with act_as(Role.OPERATOR) as act:
        own = factories.organisation(act, 702, "旧名公司")
        services.correct_organisation(act, own, name="新名公司", region="330100", reason="名称变更登记")
        entry = queries.history(act.session, f"organisation:{own.id}")[0]
        assert entry.facts is not None
        assert (entry.facts["before"]["name"], entry.facts["after"]["name"]) == ("旧名公司", "新名公司")
    with platform.reading() as session:
        assert list(audit(session, platform.signer.verifier)) == []


def test_roles_clash_in_one_project_and_everywhere_meets_each(act_as: ActAs) -> None:
    """R-040. Seen red: comparing scopes by equality only, so that "*" did not meet a project."""
    with act_as(Role.OPERATOR) as act:
        own = factories.organisation(act, 703)
        person = factories.person(act, Role.BIDDER, login="wang", organisation=own, scope="P-1")
        services.grant_role(act, person, Role.EXPERT, "P-2")
        for role, scope in ((Role.EXPERT, "P-1"), (Role.TENDEREE, "*"), (Role.BIDDER, "P-2"), (Role.OPERATOR, "*")):
            with pytest.raises(Conflict) as caught:
                services.grant_role(act, person, role, scope)
            assert caught.value.code == "role.clash"
        assert queries.roles_of(act.session, person.id, "P-1") == {Role.BIDDER}
        assert queries.roles_of(act.session, person.id, "P-3") == frozenset()
        assert queries.roles_anywhere(act.session, person.id) == {Role.BIDDER, Role.EXPERT}
        services.revoke_role(act, person, Role.BIDDER, "P-1")
        services.grant_role(act, person, Role.EXPERT, "P-1")
        assert queries.roles_of(act.session, person.id, "P-1") == {Role.EXPERT}


def test_roles_of_organisations_need_one(act_as: ActAs) -> None:
    with act_as(Role.OPERATOR) as act:
        person = factories.person(act, login="alone")
        with pytest.raises(Conflict, match=r"role\.organisation"):
            services.grant_role(act, person, Role.TENDEREE)


@pytest.mark.parametrize("login", ["ab", "Ümlaut", "-dash", "has space", "a" * 41, "x/y"])
def test_odd_logins_are_refused(act_as: ActAs, login: str) -> None:
    with act_as(Role.OPERATOR) as act, pytest.raises(Invalid, match=r"person\.login"):
        services.register_person(act, login=login, name="甲")


def test_a_login_is_taken_once(act_as: ActAs) -> None:
    with act_as(Role.OPERATOR) as act:
        services.register_person(act, login="Zhao.Li", name="赵")
        with pytest.raises(Conflict, match=r"person\.duplicate"):
            services.register_person(act, login="zhao.li", name="李")


@pytest.mark.parametrize(
    ("password", "refusal"),
    [("short", "password.length"), ("x" * 201, "password.length"), ("aaaaaaaaaaaaaa", "password.weak"),
     ("my-zhao-is-in-it", "password.weak"), ("qwertyuiop12", "password.weak")],
)  # fmt: skip
def test_guessable_passwords_are_refused(act_as: ActAs, password: str, refusal: str) -> None:
    with act_as(Role.OPERATOR) as act, pytest.raises(Refusal) as caught:
        services.register_person(act, login="zhao", name="赵", password=password)
    assert caught.value.code == refusal


def test_the_database_holds_no_password(act_as: ActAs, platform: Platform) -> None:
    with act_as(Role.OPERATOR) as act:
        held = services.register_person(act, login="zhao", name="赵", password=PASSWORD)
        assert held.password_hash is not None and held.password_hash.startswith("$argon2id$")
    new = services.hash_password("another-fine-phrase", login="zhao")
    wrong = services.prove_old_password(platform, login="zhao", password="wrong-wrong-wrong")
    right = services.prove_old_password(platform, login="zhao", password=PASSWORD)
    with act_as(Role.OPERATOR) as act:
        held = queries.person(act.session, "zhao")
        with pytest.raises(Forbidden, match=r"password\.old"):
            services.change_password(act, held, old=wrong, new=new)
        services.change_password(act, held, old=right, new=new)

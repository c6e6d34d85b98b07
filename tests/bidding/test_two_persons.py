"""Publication that two people answer for: nobody does both, what was reviewed goes out, findings are declared."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import docx
import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from accounts.queries import organisation
from accounts.rules import Role
from bidding import queries, rules, services
from bidding.models import Publication, Section, TenderDocument
from bidding.rules import clauses
from core.act import Act, Actor, Platform
from core.documents import Document, Paragraph
from core.errors import Conflict, Forbidden, Invalid, Missing
from core.seal import new_identity, recipient_of
from tests import factories
from tests.bidding import two_persons
from tests.bidding.stage import Stage, refused
from tests.bidding.test_privacy import VALID
from tests.conftest import Browser

SECRET = f"项目负责人身份证号 {VALID}，手机 13857123456"


def review(platform: Platform, code: str, by: Actor, digest: str = "", number: int = 1) -> None:
    """Try to publish as `by`; `digest` of what they saw, by default what was submitted."""
    with platform.act(by, through=rules.turnstile(code), shared=False) as act:
        section = queries.own_section(act.session, code, act.actor)
        held = queries.publication(act.session, section, number)
        verb = services.publish_section if held.kind == "notice" else services.publish_clarification
        verb(act, held, digest or held.digest)


def test_whoever_prepares_cannot_publish_and_only_the_tenderee_can(platform: Platform) -> None:
    """Not the same person, not the agent, no other unit, no officer. Seen red: each with its check left out."""
    stage = Stage(platform)
    code = stage.draft()
    agent, colleague = factories.actor(platform, Role.AGENT), factories.actor(platform, Role.AGENT, "a2")
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, code, act.actor)
        assert agent.organisation_id is not None
        section.project.agent_id = organisation(act.session, agent.organisation_id).id
    two_persons.submit(platform, code, by=agent)
    for actor, error, why in (
        (agent, Forbidden, "publication.same_person"),
        (colleague, Forbidden, "publication.not_second"),
        (factories.actor(platform, Role.OFFICER), Forbidden, "publication.not_second"),
        (factories.actor(platform, Role.TENDEREE, "b"), Missing, "section.unknown"),
    ):
        with refused(error, why):
            review(platform, code, actor)
    assert stage.section().state == "draft"
    review(platform, code, two_persons.preparer(platform))
    assert stage.section().state == "submission_open"


def test_the_tenderee_may_let_the_agents_people_publish_and_nobody_else_may_say_so(platform: Platform) -> None:
    """Still two different persons. Seen red: with the agent allowed to choose, and with the choice not looked at."""
    stage = Stage(platform)
    code = stage.draft()
    agent, colleague = factories.actor(platform, Role.AGENT), factories.actor(platform, Role.AGENT, "a2")
    with stage.act(Role.TENDEREE) as act:
        queries.own_section(act.session, code, act.actor).project.agent_id = agent.organisation_id
    with refused(Forbidden, "publication.not_second"), platform.act(agent) as act:
        services.choose_second_person(act, queries.own_section(act.session, code, act.actor).project, "party")
    with stage.act(Role.TENDEREE) as act:
        services.choose_second_person(act, queries.own_section(act.session, code, act.actor).project, "party")
    two_persons.submit(platform, code, by=agent)
    with refused(Forbidden, "publication.same_person"):
        review(platform, code, agent)
    review(platform, code, colleague)


def test_the_database_itself_refuses_one_person_in_both_parts(platform: Platform) -> None:
    """Seen red: without the CHECK."""
    stage = Stage(platform)
    held = two_persons.submit(platform, stage.draft())
    with pytest.raises(IntegrityError), stage.act(Role.TENDEREE) as act:
        act.session.execute(update(Publication).values(reviewed_by_id=held.prepared_by_id))


CHANGES: dict[str, Callable[[Act, Section], Any]] = {
    "a text": lambda act, section: services.update_section(act, section, qualification="不限"),
    "an amount": lambda act, section: services.update_section(act, section, bond_fen=section.bond_fen - 1),
    "the deadline": lambda act, section: services.update_section(
        act, section, deadline_at=section.closing_at.replace(minute=31)
    ),
    "the method": lambda act, section: services.update_section(
        act, section, method={**section.method, "review": []}
    ),
    "the project": lambda act, section: setattr(section.project, "funding", "银行贷款"),
    "a document": lambda act, section: services.add_document(act, section, "tender", "x.pdf", act.store.put(b"other")),
    "a document's name": lambda act, section: act.session.execute(update(TenderDocument).values(name="另.pdf")),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_after_submission_needs_a_new_one(platform: Platform, what: str) -> None:
    """What was reviewed is what is published. Seen red: with the draft not compared any more at publication."""
    stage = Stage(platform)
    code = stage.draft()
    two_persons.submit(platform, code)
    with stage.act(Role.TENDEREE) as act:
        CHANGES[what](act, queries.own_section(act.session, code, act.actor))
    two_persons.read_all(platform, code)
    with refused(Conflict, "publication.changed"):
        review(platform, code, two_persons.reviewer(platform))
    assert stage.section().state == "draft"


def test_a_trustees_new_key_after_submission_needs_a_new_one(platform: Platform) -> None:
    """Seen red: with trustees left out of the draft's digest."""
    stage = Stage(platform)
    code = stage.draft()
    two_persons.submit(platform, code)
    with stage.act(Role.OFFICER) as act:
        section = queries.own_section(act.session, code, act.actor)
        services.register_trustee(act, section, Role.OFFICER, recipient_of(new_identity()))
    with refused(Conflict, "publication.changed"):
        review(platform, code, two_persons.reviewer(platform))


def test_the_page_the_second_person_saw_is_what_counts(platform: Platform) -> None:
    """A digest of something else publishes nothing; taken back and submitted anew, only the new one does.

    Seen red: with the digest sent not compared.
    """
    stage = Stage(platform)
    code = stage.draft()
    first = two_persons.submit(platform, code)
    with refused(Conflict, "publication.changed"):
        review(platform, code, two_persons.reviewer(platform), digest="0" * 64)
    with refused(Conflict, "publication.pending"):
        two_persons.submit(platform, code)
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, code, act.actor)
        services.withdraw_publication(act, queries.publication(act.session, section, 1))
        services.update_section(act, section, qualification="不限")
    two_persons.submit(platform, code)
    with refused(Conflict, "publication.state"):
        review(platform, code, two_persons.reviewer(platform))
    with refused(Conflict, "publication.changed"):
        review(platform, code, two_persons.reviewer(platform), digest=first.digest, number=2)
    review(platform, code, two_persons.reviewer(platform), number=2)


def test_both_stand_in_the_ledger_with_the_digest(platform: Platform) -> None:
    """Seen red: with the preparer left out of the second entry."""
    stage = Stage(platform).publish()
    with platform.reading() as session:
        told = {entry.kind: entry.told() for entry in queries.timeline(session, stage.section())}
        held = queries.publication(session, stage.section(), 1)
    one, two = two_persons.preparer(platform), two_persons.reviewer(platform)
    submitted, published = told["publication.submit"]["facts"], told["publication.publish"]["facts"]
    assert (submitted["actor"], published["actor"]) == (one.name, two.name)
    assert submitted["digest"] == published["digest"] == held.digest
    named = published["prepared_by"], published["reviewed_by"]
    assert named == (held.prepared_by, held.reviewed_by) == ("滨江市水a", "滨江市水a2")


def test_a_returned_one_goes_back_with_its_note(platform: Platform) -> None:
    """Not by who prepared it; the note is not in the public ledger. Seen red: with the note among the facts."""
    stage = Stage(platform)
    code = stage.draft()
    two_persons.submit(platform, code)
    for actor, wanted in ((two_persons.preparer(platform), Forbidden), (two_persons.reviewer(platform), None)):
        with platform.act(actor) as act:
            held = queries.publication(act.session, queries.own_section(act.session, code, act.actor), 1)
            if wanted:
                with pytest.raises(wanted):
                    services.return_publication(act, held, "限价有误")
            else:
                services.return_publication(act, held, "限价有误")
    with platform.reading() as session:
        (entry,) = [one for one in queries.timeline(session, stage.section()) if one.kind == "publication.return"]
        assert "限价有误" not in str(entry.told())
        assert queries.publication(session, stage.section(), 1).note == "限价有误"
    two_persons.publish(platform, code)


# Findings -------------------------------------------------------------------------------------------------------


def write(platform: Platform, code: str, *texts: str, slot: str = "tender") -> None:
    """Let a document of the section hold these paragraphs, on page 3."""
    with platform.act(two_persons.preparer(platform)) as act:
        section = queries.own_section(act.session, code, act.actor)
        stored = act.store.put("\n".join(texts).encode())
        services.add_document(act, section, slot, "招标文件.docx", stored)
        told = tuple(Paragraph(text, number, 3) for number, text in enumerate(texts, 1))
        services.keep_reading(act, stored.sha256, Document("招标文件.docx", "docx", stored.sha256, paragraphs=told))


def test_private_data_and_restrictive_words_are_declared_one_by_one(platform: Platform) -> None:
    """Every finding with its place needs a reason; what is recorded holds no secret.

    Seen red: with `declared` skipping empty reasons, and with the masked text replaced by the number.
    """
    stage = Stage(platform)
    code = stage.draft(qualification="具有二级资质，本地企业优先")
    write(platform, code, "第一章", SECRET, "投标人注册资本不低于5000万元")
    two_persons.read_all(platform, code)
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, code, act.actor)
        found = queries.notice_concerns(act.session, section, act.now)
        shown = [
            (one.sort, one.passage and (one.passage.name, one.passage.page, one.passage.paragraph)) for one in found
        ]
        assert ("privacy", ("招标文件.docx", 3, 2)) in shown and ("clause", ("招标文件.docx", 3, 3)) in shown
        assert ("clause", ("qualification", None, None)) in shown
        reasons = {one.key: "招标人已核实，确需公开" for one in found}
        for one in found:
            for silent in ("", " 好 "):
                with refused(Invalid, "publication.undeclared"):
                    services.submit_section(act, section, {**reasons, one.key: silent})
        held = services.submit_section(act, section, reasons)
    recorded = str(held.declarations)
    assert VALID not in recorded and "13857123456" not in recorded
    assert {one["kind"] for one in held.declarations if one["sort"] == "privacy"} == {"identity", "mobile"}
    assert {one["words"] for one in held.declarations if one["sort"] == "clause"} >= {"注册资本不低于"}


def test_contacts_of_the_notice_are_no_findings(platform: Platform) -> None:
    """Neither in their field nor where the document repeats them. Seen red: with CONTACTS empty."""
    from tests.bidding.stage import PARTICULARS

    stage = Stage(platform)
    code = stage.draft(particulars={**PARTICULARS, "contact": "周敏 13857123456"})
    write(platform, code, "联系人：周敏，电话 138-5712-3456")
    two_persons.read_all(platform, code)
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, code, act.actor)
        assert [one for one in queries.notice_concerns(act.session, section, act.now) if one.sort == "privacy"] == []


def test_one_reason_may_answer_for_all_of_a_kind_in_one_document(platform: Platform) -> None:
    """Seen red: with the group's reason taken for another document too."""
    stage = Stage(platform)
    code = stage.draft()
    write(platform, code, "手机 13857123456", "手机 13857123457")
    write(platform, code, "手机 13857123458", slot="boq")
    two_persons.read_all(platform, code)
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, code, act.actor)
        found = queries.notice_concerns(act.session, section, act.now)
        groups = {one.group for one in found if one.sort == "privacy"}
        assert len(groups) == 2
        reasons = {one.key: "已核实无误" for one in found if one.sort != "privacy"}
        for group in groups:
            with refused(Invalid, "publication.undeclared"):
                services.submit_section(act, section, {**reasons, group: "均为公示的值班电话"})
        services.submit_section(act, section, {**reasons, **dict.fromkeys(groups, "均为公示的值班电话")})


def test_what_comes_up_after_submission_must_be_declared_first(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clause that comes into force between the two days. Seen red: without the second look at publication."""
    stage = Stage(platform)
    code = stage.draft(qualification="须提供制造商授权书")
    two_persons.submit(platform, code)
    both = (*clauses.clauses_on("T", rules_day(platform)), *clauses.clauses_on("G", rules_day(platform)))
    monkeypatch.setattr("bidding.queries.two_persons.clauses_for", lambda section, now: both)
    with refused(Conflict, "publication.uncovered", count=1):
        review(platform, code, two_persons.reviewer(platform))


def rules_day(platform: Platform) -> Any:
    """Today on the platform."""
    return platform.clock.now().date()


# Clarifications -------------------------------------------------------------------------------------------------


def test_a_clarification_is_published_by_another_person_too(stage: Stage) -> None:
    """And nothing of it is public before. Seen red: with `settle` left out of publish_clarification."""
    held = two_persons.draft_clarification(stage.platform, stage.code, text="桩长改为 12 米。")
    with refused(Forbidden, "publication.same_person"):
        review(stage.platform, stage.code, two_persons.preparer(stage.platform), number=held.number)
    with refused(Conflict, "publication.changed"):
        review(stage.platform, stage.code, two_persons.reviewer(stage.platform), digest="f" * 64, number=held.number)
    with stage.platform.reading() as session:
        assert queries.clarifications(session, stage.section()) == []
        assert "桩长" not in str([entry.told() for entry in queries.timeline(session, stage.section())])
    review(stage.platform, stage.code, two_persons.reviewer(stage.platform), number=held.number)
    with refused(Conflict, "publication.state"):
        review(stage.platform, stage.code, two_persons.reviewer(stage.platform), number=held.number)


def test_a_clarification_with_private_data_is_declared(stage: Stage) -> None:
    """In its text and in its new document. Seen red: with the documents not looked at."""
    store = stage.platform.store
    stored = store.put(b"second")
    with stage.act(Role.TENDEREE) as act:
        section = queries.section(act.session, stage.code)
        read = Document("二.docx", "docx", stored.sha256, paragraphs=(Paragraph(SECRET, 1, 2),))
        services.keep_reading(act, stored.sha256, read)
        held = services.draft_clarification(
            act, section, text="联系 13900000001", affects_preparation=True, documents=[("tender", "二.docx", stored)]
        )
        kinds = sorted(one.exposure.kind for one in queries.concerns(act.session, held, act.now) if one.exposure)
        assert kinds == ["identity", "mobile", "mobile"]
        with refused(Invalid, "publication.undeclared"):
            services.submit_clarification(act, held, {})


def test_a_prepared_file_is_for_its_own_desk_only(stage: Stage, login: Callable[..., Browser]) -> None:
    """Not public before publication, never another's, and no other object through the desk's address.

    Seen red: with `own_file` answering for every object that is held.
    """
    stored = stage.platform.store.put("第二版".encode())
    two_persons.draft_clarification(stage.platform, stage.code, documents=[("tender", "二.pdf", stored)])
    owner, other, public = login(Role.TENDEREE), login(Role.TENDEREE, person="b"), login(Role.BIDDER)
    path = f"/tender/sections/{stage.code}/documents/{stored.sha256}"
    answer = owner.get(path)
    assert answer.data == "第二版".encode() and "sandbox" in answer.headers["Content-Security-Policy"]
    assert other.get(path).status_code == 404 and public.get(path).status_code == 403
    assert public.get(f"/objects/{stored.sha256}").status_code == 404
    foreign = stage.platform.store.put(b"a sealed bid").sha256
    assert owner.get(f"/tender/sections/{stage.code}/documents/{foreign}").status_code == 404


def test_a_real_document_is_read_and_its_findings_shown_with_their_place(
    platform: Platform, login: Callable[..., Browser]
) -> None:
    """Uploaded through the page, read apart, shown masked with the words marked. Seen red: without `read_through`."""
    stage = Stage(platform)
    code = stage.draft()
    paper = docx.Document()
    for text in ("第一章 招标公告", SECRET, "投标人须在本市设有分公司。"):
        paper.add_paragraph(text)
    stream = io.BytesIO()
    paper.save(stream)
    tenderee = login(Role.TENDEREE)
    data = {"slot": "tender", "file": (io.BytesIO(stream.getvalue()), "招标文件.docx")}
    assert tenderee.post(f"/tender/sections/{code}/documents", data=data).status_code == 303
    page = tenderee.get(f"/tender/sections/{code}/submit").text
    assert VALID not in page and f"{VALID[:3]}{'*' * 13}{VALID[-2:]}" in page
    assert "招标文件.docx · 第 2 段" in page and "<mark>本市设有分公司</mark>" in page
    assert "公平竞争审查规则" in page

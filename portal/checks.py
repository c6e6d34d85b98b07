"""`/verify`: one page for a receipt, its number, any file's hash, a signed paper; a plain verdict, line by line."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from accounts.access import cookieless, door, limited, public, reading, unlinked
from accounts.queries import authorities
from bidding import queries as bidding
from bidding import rules as bidding_rules
from bidding.models import Section, Submission
from core.board import Notice
from core.errors import Invalid, Missing, Refusal
from core.ledger import log, vouching
from core.ledger.log import LedgerEntry, LedgerHead
from core.render.checking import judge_apart
from core.render.signing import MOST_PDF, PaperVerdict
from opening.models import Opening
from opening.rules import NAMES_SHOWN
from portal import queries, words
from portal.routes import blueprint

NUMBER = re.compile(r"([0-9]{1,12})-([0-9a-f]{8})")
HASH = re.compile(r"[0-9a-f]{64}")
RECEIPT, RECORD = "receipt.json", "opening-record.json"


@dataclass
class Verdict:
    """What was given, and line after line what holds of it: (kind of the tag, sentence, detail)."""

    what: str
    lines: list[dict[str, Any]] = field(default_factory=list)
    receipt: Any = None

    def say(self, kind: str, text: str, detail: Any = None) -> None:
        """One more line."""
        self.lines.append({"kind": kind, "text": text, "detail": detail})

    @property
    def holds(self) -> bool:
        """Whether no line is wrong and at least one is good."""
        kinds = {line["kind"] for line in self.lines}
        return "bad" not in kinds and "ok" in kinds


@blueprint.route("/verify", methods=["GET", "POST"])
@public
@cookieless
@unlinked
@limited("60/minute")
def verify() -> tuple[str, int]:
    """Check whatever is given: a receipt or its number, a file or its hash, a signed paper. Who asks is not kept."""
    given = (request.form.get("given") or request.args.get("n") or "").strip()[:200_000]
    file = request.files.get("file")
    content = file.stream.read(MOST_PDF + 1) if file is not None and file.filename else b""
    verdict, errors = None, list[Refusal]()
    if given or content:
        try:
            with reading() as session:
                verdict = judged(session, given, content)
        except Refusal as refusal:
            errors = [refusal]
    page = render_template(
        "portal/verify.html",
        verdict=verdict,
        errors=errors,
        given=given[:20_000],
        key=str(door().platform.signer.verifier),
    )
    return page, 422 if errors else 200


def judged(session: Session, given: str, content: bytes) -> Verdict:
    """The verdict on what was given; Invalid("verify.unknown") for what is none of it."""
    if content.startswith(b"%PDF"):
        return paper(session, content)
    if content and content.lstrip()[:1] == b"{":
        given = content.decode("utf-8", "replace")
    elif content:
        return by_hash(session, hashlib.sha256(content).hexdigest(), _("文件"))
    if given.startswith("{"):
        return receipt(session, given)
    number = NUMBER.fullmatch(given)
    if number is not None:
        return by_number(session, int(number[1]), number[2])
    if HASH.fullmatch(given.lower()):
        return by_hash(session, given.lower(), _("指纹"))
    raise Invalid("verify.unknown", field="given")


def receipt(session: Session, text: str) -> Verdict:
    """A receipt, from its own bytes and against the living log."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("receipt.unreadable", field="given") from None
    verdict = Verdict(_("投标回执"), receipt=told)
    _judge_receipt(session, verdict, told)
    return verdict


def _judge_receipt(session: Session, verdict: Verdict, told: Any) -> None:
    platform = door().platform
    try:
        verified = bidding_rules.verify_receipt(
            told,
            key=str(platform.signer.verifier),
            roots=platform.trust.authority.roots if platform.trust.authority else (),
            witnesses=platform.trust.known,
        )
    except Refusal as refusal:
        verdict.say("bad", words.sentence(refusal))
        return
    verdict.say("ok", _("由本平台签名，内容未改动"), verified.section)
    verdict.say("ok", _("账本第 %(n)s 条就是这份承诺，包含证明成立", n=verified.leaf_index))
    verdict.say("ok", _("服务器收到时间"), words.shown(verified.received_at))
    try:
        bidding.check_logged(session, told, verified)
        verdict.say("ok", _("与现在的账本一致"))
    except Refusal as refusal:
        verdict.say("bad", words.sentence(refusal))
    _say_vouched(verdict, verified.vouched)
    verdict.say("info", _("回执不写投标人是谁：是不是您的，须用您电脑上的密封件离线核验。"))


def _say_vouched(verdict: Verdict, vouched: Any) -> None:
    if vouched is None:
        verdict.say("warn", _("时间戳待补"))
        return
    for stamped in vouched.stamps:
        verdict.say("ok", _("时间戳机构 %(name)s 签发于", name=stamped.authority), words.shown(stamped.at))
    for name, at in sorted(vouched.cosigned.items()):
        verdict.say("ok", _("见证人 %(name)s 联署于", name=name), words.shown(at))


def by_number(session: Session, index: int, start: str) -> Verdict:
    """A receipt's number: its place in the log and the beginning of its commitment. It says nothing of whose it is."""
    verdict = Verdict(_("回执号"))
    try:
        entry = log.entry(session, index)
    except Missing:
        entry = None
    if entry is None or entry.kind != log.COMMITMENT or not entry.digest.startswith(start):
        verdict.say("bad", _("账本中没有这个回执号"))
        return verdict
    verdict.say("ok", _("账本第 %(n)s 条是这份承诺，写入于", n=index), words.shown(entry.at))
    evidence = vouching.evidence_of(session, index)
    if evidence is None:
        verdict.say("warn", _("时间戳待补"))
    else:
        head = vouching.first_stamped(session, index + 1)
        stamps = vouching.vouched(session, head).stamps if head else []
        for stamp in stamps:
            verdict.say("ok", _("时间戳机构 %(name)s 签发于", name=stamp.authority), words.shown(stamp.stamped_at))
    verdict.say("info", _("回执号只说明承诺在账本之中；要核验回执本身，请上传回执文件。"))
    return verdict


def by_hash(session: Session, sha256: str, what: str) -> Verdict:
    """Any file by its hash: public attachments always, sealed objects only once their bidders' names are public."""
    verdict = Verdict(what)
    verdict.say("info", _("指纹（SHA-256）"), sha256)
    try:
        attachment = queries.published_object(session, sha256)
        verdict.say("ok", _("是公开公告的附件"), attachment["name"])
    except Missing:
        pass
    for section, place in _sealed(session, sha256):
        verdict.say("ok", _("是已开标标段 %(code)s 的密封件", code=section), place)
    entry = session.scalar(select(LedgerEntry).where(LedgerEntry.digest == sha256).limit(1))
    if entry is not None:
        verdict.say("ok", _("是账本第 %(n)s 条的摘要", n=entry.leaf_index), words.kind_word(entry.kind))
    if session.scalar(select(LedgerHead).where(LedgerHead.root == sha256).limit(1)) is not None:
        verdict.say("ok", _("是一个签名头的根"))
    if not verdict.holds:
        verdict.say("warn", _("平台公开的内容中没有它。开标之前的密封件不在查询之列：无论有没有，回答都一样。"))
    return verdict


def _sealed(session: Session, sha256: str) -> list[tuple[str, str]]:
    rows = session.execute(
        select(Submission, Section.code)
        .join(Section, Section.id == Submission.section_id)
        .join(Opening, Opening.section_id == Section.id)
        .where(Opening.state.in_(NAMES_SHOWN), type_coerce(Submission.content, Text).contains(f'"{sha256}"'))
        .limit(5)
    )
    return [
        (code, place)
        for row, code in rows
        for place, blob in bidding.objects_of(row.content).items()
        if blob["sha256"] == sha256
    ]


def paper(session: Session, pdf: bytes) -> Verdict:
    """A signed PDF: its signatures, the data inside, and what the ledger holds of it."""
    platform = door().platform
    verdict = Verdict(_("签名文书（PDF）"))
    judgement = judge_apart(
        pdf,
        key=platform.signer.verifier,
        authorities=authorities(session),
        stamp_roots=platform.trust.authority.roots if platform.trust.authority else (),
    )
    verdict.say("info", _("指纹（SHA-256）"), judgement.sha256)
    _say_signatures(verdict, judgement)
    if RECEIPT in judgement.attachments:
        _judge_receipt(session, verdict, _json(judgement.attachments[RECEIPT]))
    if RECORD in judgement.attachments:
        _judge_record(session, verdict, judgement)
    return verdict


def _say_signatures(verdict: Verdict, judgement: PaperVerdict) -> None:
    if not judgement.signatures:
        verdict.say("warn", _("没有电子签名：页面上的话无人担保，只看内嵌数据"))
    for signature in judgement.signatures:
        intact = signature.intact and signature.whole
        text = (
            _("签名完整：%(who)s", who=signature.signer) if intact else _("签名被破坏：%(who)s", who=signature.signer)
        )
        verdict.say("ok" if intact else "bad", text, signature.at)
        if not signature.trusted:
            verdict.say("bad", _("签名人的证书没有平台公钥或登记的认证机构担保"))
        if signature.stamped_at:
            verdict.say("ok", _("签名带有时间戳"), signature.stamped_at)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _judge_record(session: Session, verdict: Verdict, judgement: PaperVerdict) -> None:
    told = _json(judgement.attachments[RECORD])
    notice = session.scalar(
        select(Notice).where(
            Notice.kind == "opening_record", type_coerce(Notice.content, Text).contains(f'"{judgement.sha256}"')
        )
    )
    if notice is None:
        verdict.say("bad", _("账本中没有这份开标记录：平台没有发布过这些字节"))
        return
    same = notice.content.get("record") == told
    verdict.say("ok" if same else "bad", _("内嵌数据与公告一致") if same else _("内嵌数据与公告不同"))
    verdict.say("ok", _("开标记录已公告并写入账本第 %(n)s 条", n=notice.leaf_index), notice.number)

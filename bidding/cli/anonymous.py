"""The bidder's own look at an anonymous envelope (暗标) before it is sealed: formats refused, marks warned of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bidding.cli.telling import said
from bidding.rules.anonymity import Trace, check_format, traces
from bidding.rules.links import SLOT
from core.documents.apart import extract
from core.errors import Invalid
from core.seal import Enclosure

WORDS = {
    "name": ("单位名称", "your firm's name"),
    "identifier": ("统一社会信用代码", "your credit code"),
    "person": ("人员姓名", "a person's name"),
    "manager": ("项目负责人姓名", "the project manager's name"),
    "contact": ("联系人姓名", "the contact's name"),
    "phone": ("电话", "your phone number"),
    "mobile": ("手机号", "a mobile number"),
    "identity": ("身份证号", "an identity number"),
    "account": ("账号", "an account number"),
    "mailbox": ("邮箱", "a mailbox"),
}


def anonymous_names(told: Mapping[str, Any]) -> list[str]:
    """The envelopes whose author must stay unknown, as the platform tells with the policy."""
    return [str(one["name"]) for one in told.get("envelopes") or [] if one.get("anonymous")]


def check_anonymous(
    files: Mapping[str, Sequence[Enclosure]], envelopes: Sequence[str], own: Mapping[str, str]
) -> list[tuple[str, Trace]]:
    """Refuse (client.anonymous_format) a file of another format; what tells the bidder comes back, (file, trace).

    Names, properties and text are read on this machine in the limited process; a file that cannot be read is a trace of
    kind `unread`, for nobody has looked into it.
    """
    found: list[tuple[str, Trace]] = []
    for envelope in envelopes:
        for file in files.get(envelope, ()):
            if file.slot == SLOT:
                continue
            name = file.title
            check_format(name, envelope)
            found += [(name, trace) for trace in traces(_texts(file, name), own)]
            try:
                found += [(name, trace) for trace in traces(_inside(file, name), own)]
            except Invalid:
                found.append((name, Trace("unread", "", "")))
    return found


def spoken_traces(found: Sequence[tuple[str, Trace]]) -> list[str]:
    """The warnings for a person."""
    lines = []
    for name, trace in found:
        if trace.kind == "unread":
            lines.append(
                said(
                    f"! 暗标文件“{name}”读不出，未能检查身份标记",
                    f"! anonymous file {name}: cannot be read, not checked",
                )
            )
            continue
        zh, en = WORDS[trace.kind]
        lines.append(
            said(
                f"! 暗标文件“{name}”{trace.place}出现{zh}“{trace.word}”，可能被判定为标记而否决",
                f"! anonymous file {name}, {trace.place}: {en} “{trace.word}” may be taken for a mark and rejected",
            )
        )
    return lines


def _texts(file: Enclosure, name: str) -> Iterator[tuple[str, str]]:
    yield said("文件名", "file name"), name


def _inside(file: Enclosure, name: str) -> Iterator[tuple[str, str]]:
    document = extract(file.path, name=name)
    marks = document.marks
    held = (
        marks.creator,
        marks.last_modified_by,
        marks.company,
        marks.template,
        *(text for _, text in marks.properties),
    )
    yield said("文档属性", "properties"), "\n".join(held)
    pages: dict[int | None, list[str]] = {}
    for paragraph in document.paragraphs:
        pages.setdefault(paragraph.page, []).append(paragraph.text)
    for page, texts in pages.items():
        place = said("正文", "text") if page is None else said(f"第 {page} 页", f"page {page}")
        yield place, "\n".join(texts)

"""Finds in a bid what copying carries along: wrong words, and the name of another project left standing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from collusion.rules.documents import Document, Place
from collusion.rules.folding import flat
from collusion.rules.spelling import CONFUSED, KNOWN

CONTEXT = 14
FORM = 3
RIGHT_TIMES = 2
"""A form counts as a slip only where its right twin is at least this many times as frequent."""

PROJECT = re.compile(r"[\u4e00-\u9fff]{6,36}?(?:工程|项目)(?![\u4e00-\u9fff]{0,2}(?:工程|项目))")
STOPS = re.compile(
    r"为了|为|在|对|的|本|由|与|和|及|或|按|是|确保|保证|完成|实施|参与|承建|建设单位|于|将|了|该|我公司|我司|我方|公司|根据|针对|结合"
    r"|满足|作为|关于|承担|组织|做好|加强|进行|通过|适用|用于|参照|借鉴|依据|以及|因|从|把|被|使|至|向"
)
ADMINISTRATIVE = re.compile(r"[\u4e00-\u9fff]{2,}?(?:市|县|镇|乡|村|新区|开发区|新城|大道|街道)")
ROADS = re.compile(r"[\u4e00-\u9fff]{2,}?(?<![道管线电回通铁公水便])(?:路|街)")
FACILITIES = re.compile(
    r"[\u4e00-\u9fff]{2,6}?(?:净水厂|水厂|污水处理厂|泵站|水库|水电站|电厂|大桥|隧道|体育馆|图书馆|医院|中学|小学|学校|大厦|广场|花园)"
)
NAMELESS = re.compile(
    r"^(?:第|新建|扩建|改建|既有|现有|原有|在用|取水|送水|清水|原水|加药|提升|加压|排涝|雨水|污水|给水|自来|老|各|某|本|该|同类|类似|大型)"
)
NOT_PLACES = re.compile(r"厂区|施工区|生活区|办公区|作业区|园区|片区|小区|区域|库区|灌区|城市|市政|市场|都市|县城段")
REFERENCES = re.compile(r"业绩|合同|中标|竣工|验收证书|验收报告|获奖|荣誉|证书|曾|已建|类似工程|类似项目|案例")
LEAST_NAME = 8


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip as it stands: its form, the right form when known, where, and some text around it."""

    form: str
    right: str
    place: Place
    around: str
    at: int
    known: bool


def wrong_words(documents: Sequence[Document], ordinary: str) -> dict[str, Slip]:
    """Give the first sighting of each wrong word that `ordinary` (the tender's text) does not itself contain."""
    found: dict[str, Slip] = {}
    pattern = re.compile("|".join(sorted(map(re.escape, KNOWN), key=lambda w: (-len(w), w))))
    for document in documents:
        if document.kind == "xlsx":
            continue
        for paragraph in document.paragraphs:
            for match in pattern.finditer(paragraph.text):
                wrong = match.group()
                if wrong not in found and wrong not in ordinary:
                    place = Place(document.file, paragraph.page, paragraph.number)
                    found[wrong] = _slip(wrong, KNOWN[wrong], place, paragraph.text, match.start(), True)
    return found


def forms(documents: Sequence[Document]) -> Counter[str]:
    """Count the three-letter forms of a bid's text (Chinese letters only)."""
    counts: Counter[str] = Counter()
    for document in documents:
        if document.kind == "xlsx":
            continue
        for paragraph in document.paragraphs:
            for run in re.findall(r"[\u4e00-\u9fff]{3,}", paragraph.text):
                counts.update(run[i : i + FORM] for i in range(len(run) - FORM + 1))
    return counts


def rare_forms(a: Counter[str], b: Counter[str], tender: Counter[str], everyone: Counter[str]) -> dict[str, str]:
    """Give wrong → right for forms in both bids, not in the tender, one commonly mistyped letter off a frequent form.

    `everyone` (tender, bids and archive together) serves only as a dictionary of right forms.
    """
    found: dict[str, str] = {}
    tender_bigrams: Counter[str] = Counter()
    for form, count in tender.items():
        tender_bigrams[form[:2]] += count
        tender_bigrams[form[1:]] += count
    for form in sorted(a.keys() & b.keys()):
        if form in tender:
            continue
        for index, letter in enumerate(form):
            # A letter that the tender itself writes next to the same neighbour is right there, not slipped.
            if any(tender_bigrams[form[i : i + 2]] for i in range(max(0, index - 1), min(FORM - 1, index + 1))):
                continue
            for other in sorted(CONFUSED.get(letter, ())):
                right = form[:index] + other + form[index + 1 :]
                if everyone[right] >= max(RIGHT_TIMES, RIGHT_TIMES * everyone[form]) and tender[right] > 0:
                    found[form] = right
    return found


def first_sighting(form: str, right: str, documents: Sequence[Document]) -> Slip | None:
    """Give where a form first stands."""
    for document in documents:
        if document.kind == "xlsx":
            continue
        for paragraph in document.paragraphs:
            at = paragraph.text.find(form)
            if at >= 0:
                place = Place(document.file, paragraph.page, paragraph.number)
                return _slip(form, right, place, paragraph.text, at, False)
    return None


def foreign_projects(documents: Sequence[Document], ordinary: str) -> dict[str, Slip]:
    """Give names of other, placed projects standing in running prose, folded name → first sighting.

    Names in tables, or in paragraphs about past work, are honest references and left out; so are names the tender uses.
    """
    found: dict[str, Slip] = {}
    for document in documents:
        if document.kind == "xlsx":
            continue
        for paragraph in document.paragraphs:
            if paragraph.row or REFERENCES.search(paragraph.text):
                continue
            for match in PROJECT.finditer(paragraph.text):
                name = STOPS.split(match.group())[-1]
                placed = ADMINISTRATIVE.match(name) or ROADS.match(name) or FACILITIES.match(name)
                if len(name) < LEAST_NAME or not placed or NOT_PLACES.search(placed.group()):
                    continue
                if NAMELESS.match(name):
                    continue
                if name in ordinary or flat(name) in found:
                    continue
                at = match.end() - len(name)
                place = Place(document.file, paragraph.page, paragraph.number)
                found[flat(name)] = _slip(name, "", place, paragraph.text, at, True)
    return found


def _slip(form: str, right: str, place: Place, text: str, at: int, known: bool) -> Slip:
    start = max(0, at - CONTEXT)
    return Slip(form, right, place, text[start : at + len(form) + CONTEXT], at - start, known)

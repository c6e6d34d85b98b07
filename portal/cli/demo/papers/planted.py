"""What was planted, as it stands in the files: the truth against which a detector's findings are counted."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import docx

from portal.cli.demo.papers.authors import GHOST, RIGGED, SHARED_RSIDS, authors
from portal.cli.demo.papers.copying import Receipt
from portal.cli.demo.papers.dates import DEFAULT_DATES
from portal.cli.demo.papers.pricing import LADDER, Item

TYPO, RIGHT = "观查井", "观察井"
LEFTOVER = "白鹭湖净水厂改扩建工程"


@dataclass(frozen=True)
class Evidence:
    """Where to look: the folder, each rigged bidder's technical file and bill, what was copied, who quoted what."""

    folder: Path
    technical: Mapping[str, Path]
    bills: Mapping[str, Path]
    receipts: Sequence[Receipt]
    quoted: Mapping[str, Mapping[str, str]]


Fact = dict[str, object]


def planted_facts(evidence: Evidence, items: list[Item], seed: int) -> dict[str, object]:
    """Every planted fact with its file and paragraph, read back from the files, and the innocent likenesses beside.

    `paragraph` counts python-docx's `paragraphs`; a text that is not in its file raises ValueError.
    """
    names = {key: path.relative_to(evidence.folder).as_posix() for key, path in evidence.technical.items()}
    documents = {key: docx.Document(str(path)) for key, path in evidence.technical.items()}
    paragraphs = {key: [p.text for p in document.paragraphs] for key, document in documents.items()}

    def at(key: str, place: int) -> Fact:
        return {"bidder": key, "file": names[key], "paragraph": place, "text": paragraphs[key][place]}

    def part(name: str) -> list[Fact]:
        return [{"bidder": key, "file": names[key], "part": name} for key in RIGGED]

    def holding(word: str) -> list[Fact]:
        return [at(key, place) for key in RIGGED for place, text in enumerate(paragraphs[key]) if word in text]

    source, copy = RIGGED
    facts = [
        _fact(
            "passage",
            receipt.mark,
            [
                at(source, paragraphs[source].index(receipt.source)),
                at(copy, paragraphs[copy].index(receipt.copy)),
            ],
            "+".join(receipt.operators),
        )
        for receipt in evidence.receipts
    ]
    images = {key: _images(path) for key, path in evidence.technical.items()}
    for digest in sorted(set(images[source]) & set(images[copy])):
        where = [{"bidder": key, "file": names[key], "part": images[key][digest]} for key in RIGGED]
        facts.append(_fact("image", digest, where, "same picture"))
    shared = authors()[source].traces("technical", "", DEFAULT_DATES, seed).rsids[:SHARED_RSIDS]
    created = [documents[key].core_properties.created for key in RIGGED]
    bills = [{"bidder": key, "file": evidence.bills[key].relative_to(evidence.folder).as_posix()} for key in RIGGED]
    ladder = {"ratio": str(LADDER), "items": sum(not item.provisional for item in items), "of": len(items)}
    facts += [
        _fact("typo", {"wrong": TYPO, "right": RIGHT}, holding(TYPO), "kept"),
        _fact("leftover_project", LEFTOVER, holding(LEFTOVER), "kept"),
        _fact("last_modified_by", GHOST, part("docProps/core.xml"), "one person saved both"),
        _fact("rsids", list(shared), part("word/settings.xml"), "saved as a new file"),
        _fact(
            "created_same_day",
            [f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in created if one],
            part("docProps/core.xml"),
            "kept",
        ),
        _fact("price_ladder", ladder, bills, "unit price × ratio, rounded to the fen"),
    ]
    given = [item.code for item in items if item.provisional]
    innocent = [
        _fact("creator", "Administrator", "docProps/core.xml", "default account", ("jiangnan", "hengji")),
        _fact("template", "Normal.dotm", "docProps/app.xml", "Word default", ("jiangnan", "hengji")),
        _fact("provisional", given, "工程量清单", "given by the tender", tuple(evidence.quoted)),
        *(
            _fact("tender_quote", mark, text, "quoted word for word", (key,))
            for key, quotes in evidence.quoted.items()
            for mark, text in quotes.items()
        ),
    ]
    return {"version": 1, "seed": seed, "pair": list(RIGGED), "facts": facts, "innocent": innocent}


def _fact(kind: str, what: object, where: object, operator: str, who: tuple[str, ...] = RIGGED) -> Fact:
    return {"kind": kind, "who": list(who), "what": what, "where": where, "operator": operator}


def _images(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as package:
        return {
            hashlib.sha256(package.read(name)).hexdigest(): name
            for name in package.namelist()
            if name.startswith("word/media/")
        }

"""Readers of what people send to the pool, the draw and the committee room."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.forms import Fields, choice, day, decimal, digest, fault, instant, integer, text, whole
from experts.rules import FINDINGS, Constraints, Declared
from experts.rules.application import TITLES
from experts.rules.discipline import GRADES, ITEMS, MEASURES, YEAR_GRADES, causes
from experts.rules.federation import apart
from experts.rules.pool import STATUSES

MOST_SEATS = 8
PARTIES = ("officer", "supervisor", "tenderee")


@whole
def read_request(fields: Fields) -> dict[str, Any]:
    """What asks for a committee: size, representatives, seats by speciality (`speciality-1`, `count-1` …), meeting.

    Where they are filled in also `pools` and `partners` (codes, `jx/JX-1` of a partner's), `regions` (beginnings of
    region codes, parted by blanks or commas) and `most_seats` a year.
    """
    named = listed(fields, "pools")
    seats = []
    for row in range(1, MOST_SEATS + 1):
        name = text(fields, f"speciality-{row}", most=60, required=False)
        if name:
            seats.append((name, integer(fields, f"count-{row}", least=1, most=30)))
    return {
        "size": integer(fields, "size", least=1, most=99),
        "representatives": integer(fields, "representatives", least=0, most=30),
        "seats": seats,
        "meets_at": instant(fields, "meets_at"),
        "hours": integer(fields, "hours", least=1, most=240),
        "place": text(fields, "place", required=False),
        "pools": [one for one in named if not apart(one)[0]],
        "partners": [one for one in named if apart(one)[0]],
        "limits": Constraints(
            tuple(region(one) for one in re.split(r"[\s,，、;；]+", text(fields, "regions", required=False)) if one),
            integer(fields, "most_seats", least=1, most=365) if fields.get("most_seats", "").strip() else None,
        ),
    }


def listed(fields: Fields, name: str) -> list[str]:
    """The values of a box that may be ticked several times, in their order, without repetition."""
    sent = fields.getlist(name) if isinstance(fields, MultiDict) else [fields[name]] if fields.get(name) else []
    return list(dict.fromkeys(text({name: one}, name, most=60) for one in sent if one))


def region(code: str, *, least: int = 2) -> str:
    """The beginning of a region code: `least` to six digits."""
    if not (code.isascii() and code.isdigit() and least <= len(code) <= 6):
        raise Invalid("committee.region", field="regions", found=code[:12])
    return code


@whole
def read_pool(fields: Fields) -> dict[str, str]:
    """A new pool: code, name, region; the owner's code is read beside it."""
    code = text(fields, "code", most=40)
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{1,39}", code, re.ASCII):
        raise Invalid("pool.code", field="code", found=code)
    return {"code": code, "name": text(fields, "name"), "region": region(text(fields, "region"), least=6)}


@whole
def read_partner(fields: Fields) -> dict[str, Any]:
    """A partner platform: code, name, address, ledger key, and which pools of ours it may draw from."""
    return {
        "code": text(fields, "code", most=12),
        "name": text(fields, "name"),
        "url": text(fields, "url", most=300),
        "key": text(fields, "key", most=300),
        "lends": listed(fields, "lends"),
    }


def read_sites(fields: Fields, most: int) -> list[dict[str, str]]:
    """Rows of a host site and guest sites; a row without a name, a place and a witness is none."""
    names = ("name", "region", "place", "witness", "partner")
    rows = [
        {name: text(fields, f"{name}-{number}", most=120, required=False) for name in names}
        for number in range(1, most + 1)
    ]
    return [row for row in rows if row["name"] or row["place"] or row["witness"]]


@whole
def read_avoidance(fields: Fields) -> dict[str, str]:
    """A request to avoid: the person, their unit if known, the reason."""
    return {
        "person": text(fields, "person", most=100),
        "unit": text(fields, "unit", required=False),
        "reason": text(fields, "reason", least=5, most=1000),
    }


EMPLOYERS, SHAREHOLDINGS, RELATIVES = 4, 3, 4
"""Rows a page offers for what avoidance needs."""
MOST_DOCUMENTS = 6
MOST_DOCUMENT = 5_000_000
MAGIC = {b"%PDF-": "pdf", b"\x89PNG\r\n": "png", b"\xff\xd8\xff": "jpeg"}


@whole
def read_declared(fields: Fields) -> Declared:
    """What an applicant declares: level, years, specialities ticked and written, region, rows of `employer-1-name` …"""
    own = [one for one in re.split(r"[\s,，、;；]+", text(fields, "own_specialities", required=False)) if one]
    return Declared(
        title=choice(fields, "title", TITLES),
        years=integer(fields, "years", least=0, most=70),
        specialities=list(dict.fromkeys([*listed(fields, "specialities"), *own])),
        region=region(text(fields, "region"), least=6),
        employers=_rows(fields, "employer", EMPLOYERS, ("name", "identifier", "from", "until")),
        shareholdings=_rows(fields, "holding", SHAREHOLDINGS, ("name", "identifier", "kind")),
        relatives=_rows(fields, "relative", RELATIVES, ("name", "relation", "organisation", "identifier")),
    )


def read_documents(sent: Sequence[Any]) -> list[tuple[str, str, bytes]]:
    """Uploaded proofs by name, kind and content; the kind is told by the first bytes, never by the name."""
    named = [one for one in sent if one.filename]
    if len(named) > MOST_DOCUMENTS:
        raise Invalid("application.many_documents", field="documents", most=MOST_DOCUMENTS)
    found = []
    for one in named:
        raw = bytes(one.stream.read(MOST_DOCUMENT + 1))
        if len(raw) > MOST_DOCUMENT:
            raise Invalid("form.length", field="documents", most=MOST_DOCUMENT, least=1, found=len(raw))
        name = re.sub(r"[\x00-\x1f\x7f/\\\\]", "_", str(one.filename))[-100:]
        found.append((name, kind_of(raw, name), raw))
    return found


def kind_of(raw: bytes, name: str) -> str:
    """What kind of file it is by its first bytes; Invalid("application.document") for any other."""
    kind = next((kind for magic, kind in MAGIC.items() if raw.startswith(magic)), None)
    if kind is None:
        raise Invalid("application.document", field="documents", name=name)
    return kind


def _rows(fields: Fields, prefix: str, most: int, names: Sequence[str]) -> list[dict[str, str | None]]:
    """The filled rows of a list; the first name is what a row is about, days are checked where the row has them."""
    rows: list[dict[str, str | None]] = []
    for row in range(1, most + 1):
        held: dict[str, str | None] = {}
        for name in names:
            field = f"{prefix}-{row}-{name}"
            value = text(fields, field, required=False)
            if value and name in ("from", "until"):
                value = day(fields, field).isoformat()
            held[name] = value or None
        if any(held.values()):
            text(fields, f"{prefix}-{row}-{names[0]}")
            rows.append(held)
    return rows


@whole
def read_contact(fields: Fields) -> dict[str, str]:
    """Telephone and mail; either may be left out."""
    phone = re.sub(r"[\s-]", "", text(fields, "phone", most=30, required=False))
    if phone and not re.fullmatch(r"\+?[0-9]{5,15}", phone, re.ASCII):
        phone = fault(Invalid("contact.phone", field="phone"), "")
    mail = text(fields, "mail", most=120, required=False)
    if mail and not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", mail, re.ASCII):
        mail = fault(Invalid("contact.mail", field="mail", found=mail[:60]), "")
    return {"phone": phone, "mail": mail}


@whole
def read_direct(fields: Fields) -> dict[str, Any]:
    """A direct selection: rows of `speciality-1`, `expert-1` …, the ground, the reason, the approval's number."""
    people = []
    for row in range(1, MOST_SEATS + 1):
        speciality = text(fields, f"speciality-{row}", most=60, required=False)
        code = text(fields, f"expert-{row}", most=40, required=False)
        if speciality or code:
            people.append((text(fields, f"speciality-{row}", most=60), text(fields, f"expert-{row}", most=40)))
    return {
        "people": people,
        "ground": text(fields, "ground", most=20, required=False),
        "reason": text(fields, "reason", most=2000),
        "document": text(fields, "document", required=False),
    }


@whole
def read_training(fields: Fields) -> dict[str, Any]:
    """A training attended: name, day, hours."""
    hours = integer(fields, "hours", least=1, most=1000)
    return {"name": text(fields, "name"), "on": day(fields, "on"), "hours": str(hours)}


def read_findings(fields: Fields, clauses: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """The findings made so far on one bid: `<clause>`, `<clause>-reason`, `<clause>-ground`; unmade ones left out."""
    return {
        clause: (
            choice(fields, clause, FINDINGS),
            text(fields, f"{clause}-reason", most=1000, required=False),
            text(fields, f"{clause}-ground", most=20, required=False),
        )
        for clause in clauses
        if fields.get(clause)
    }


def read_answers(fields: Fields, clauses: Sequence[str]) -> dict[str, bool]:
    """Whether a member agrees with the reference opinion, by clause: `<clause>-opinion` agree or disagree."""
    return {
        clause: choice(fields, f"{clause}-opinion", ("agree", "disagree")) == "agree"
        for clause in clauses
        if fields.get(f"{clause}-opinion")
    }


@whole
def read_question(fields: Fields) -> dict[str, Any]:
    """A question to a bidder: kind, clause where one is named, words, minutes to answer."""
    return {
        "kind": choice(fields, "kind", ("content", "low_price")),
        "clause": text(fields, "clause", most=40, required=False) or None,
        "text": text(fields, "text", least=10, most=4000),
        "minutes": integer(fields, "minutes", least=1, most=10080),
    }


@whole
def read_correction(fields: Fields) -> dict[str, Any]:
    """A correction to be put to a bidder: the amount in words where it differs, items with a slipped point, minutes."""
    words = decimal(fields, "words", least=Decimal(0), most=Decimal(10**12), places=2) if fields.get("words") else None
    return {
        "text": text(fields, "text", least=10, most=4000),
        "minutes": integer(fields, "minutes", least=1, most=10080),
        "words_fen": int(words * 100) if words is not None else None,
        "slips": listed(fields, "slips"),
    }


def read_answer(fields: Fields) -> dict[str, Any]:
    """A bidder's answer: words, and for a correction whether it is accepted."""
    accepts = {"yes": True, "no": False}.get(fields.get("accepts", ""))
    return {"text": text(fields, "text", most=10_000, required=False), "accepts": accepts}


def read_signature(body: Any) -> dict[str, str]:
    """The hash of the answer and the signature over it, from JSON."""
    sent: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    values = {name: str(sent.get(name) or "") for name in ("answer_sha256", "signature")}
    return {"answer_sha256": digest(values, "answer_sha256"), "signature": text(values, "signature", most=400)}


def read_scores(fields: Fields, criteria: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Decimal], dict[str, str]]:
    """The scores and notes that were sent; empty boxes are left out, what is no number names its box.

    The range is the service's rule: a number out of it is told with the criterion's points.
    """
    scores, notes = {}, {}
    for code in criteria:
        if fields.get(code, "").strip():
            scores[code] = decimal(fields, code, least=Decimal(-(10**6)), most=Decimal(10**6), places=9)
            notes[code] = text(fields, f"{code}-note", most=500, required=False)
    return scores, notes


def read_version(fields: Fields) -> dict[str, Any]:
    """When the sender last saw the sheet saved (empty: never); nothing is known where the form does not say."""
    if "version" not in fields:
        return {}
    try:
        seen = datetime.fromisoformat(fields["version"]) if fields["version"] else None
    except ValueError:
        raise Invalid("form.instant", field="version", found=fields["version"][:40]) from None
    if seen is not None and seen.tzinfo is None:
        raise Invalid("form.instant", field="version", found=fields["version"][:40])
    return {"seen": seen, "is_versioned": True}


def read_party(body: Any, fields: Fields, name: str) -> tuple[str, str]:
    """A draw party and its 64 hex digits (`commitment` or `nonce`), from JSON or from a form."""
    sent: Mapping[str, Any] = body if isinstance(body, Mapping) else fields
    values = {key: str(sent.get(key) or "") for key in ("party", name)}
    return choice(values, "party", PARTIES), digest(values, name)


def read_status(fields: Fields) -> tuple[str, str]:
    """An expert's new status and the reason."""
    return choice(fields, "status", STATUSES), text(fields, "reason", most=500)


@whole
def read_sanction(fields: Fields) -> dict[str, Any]:
    """A proposed sanction: measure, cause, months of a suspension, the section it happened in, the reason."""
    measure = choice(fields, "measure", MEASURES)
    wants = measure == "suspension" or bool(fields.get("months", "").strip())
    return {
        "measure": measure,
        "cause": choice(fields, "cause", causes()),
        "months": integer(fields, "months", least=1, most=999) if wants else None,
        "section_code": text(fields, "section", most=60, required=False),
        "reason": text(fields, "reason", least=10, most=4000),
    }


@whole
def read_assessment(fields: Fields) -> dict[str, Any]:
    """An assessment: a grade for each item, and words."""
    return {
        "grades": {item: choice(fields, item, GRADES) for item in ITEMS},
        "remark": text(fields, "remark", most=1000, required=False),
    }


@whole
def read_review(fields: Fields) -> dict[str, Any]:
    """A yearly review: the year, the grade, words."""
    return {
        "year": integer(fields, "year", least=2000, most=2200),
        "grade": choice(fields, "grade", YEAR_GRADES),
        "remark": text(fields, "remark", most=1000, required=False),
    }


def read_reason(fields: Fields, name: str = "reason", *, most: int = 1000) -> str:
    """A reason in words."""
    return text(fields, name, least=2, most=most)


def read_file(sent: Any, *, most: int = 4_000_000) -> bytes:
    """An uploaded table as it is; Invalid("pool.empty") without one, Invalid("form.length") beyond `most` bytes."""
    raw = bytes(sent.read(most + 1)) if sent is not None else b""
    if not raw:
        raise Invalid("pool.empty", field="file")
    if len(raw) > most:
        raise Invalid("form.length", field="file", most=most, least=1, found=len(raw))
    return raw


def optional(fields: Fields, name: str) -> str:
    """A short text that may be left out."""
    return text(fields, name, most=60, required=False)


def one_of(fields: Fields, name: str, options: Collection[str]) -> str:
    """One of the options."""
    return choice(fields, name, options)

"""What a member writes into boxes, by name or by label: kept entry by entry, never over what was saved since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.act import Act
from core.errors import Conflict, Invalid
from experts.models import Committee, MaskedScore, MaskedSheet, ScoreItem, Sheet
from experts.rules import check_score, computed_score, scored_criteria

MOST_NOTE = 500


def save_entries(
    act: Act,
    sheet: Sheet | MaskedSheet,
    held: Mapping[str, ScoreItem | MaskedScore],
    criteria: Mapping[str, Mapping[str, Any]],
    scores: Mapping[str, Decimal],
    notes: Mapping[str, str],
    *,
    seen: datetime | None,
    is_versioned: bool,
) -> None:
    """Write the scores and notes into the sheet's items; what is not named, or says what stands there, stays.

    Conflict("sheet.version") with both values where `is_versioned` and a score was changed after `seen`. Invalid:
    score.criterion (none of `criteria`), what `check_score` raises, form.length, score.reopened_only (R-344).
    """
    entry = ScoreItem if isinstance(sheet, Sheet) else MaskedScore
    for code, value in scores.items():
        if code not in criteria:
            raise Invalid("score.criterion", field=code, criterion=code)
        checked = check_score(criteria[code], value)
        item = held.get(code)
        note = notes.get(code, item.note if item is not None else "").strip()
        if len(note) > MOST_NOTE:
            raise Invalid("form.length", field=f"{code}-note", most=MOST_NOTE, least=0, found=len(note))
        if item is not None and (item.value, item.note) == (checked, note):
            continue
        newer = item is not None and (seen is None or item.saved_at > seen)
        if is_versioned and item is not None and newer and item.value != checked:
            raise Conflict("sheet.version", field=code, criterion=code, saved=str(item.value), sent=str(checked))
        if sheet.reopened_for is not None and code not in sheet.reopened_for:
            raise Invalid("score.reopened_only", field=code, criterion=code)
        if item is None:
            item = entry(sheet_id=sheet.id, criterion=code)
            act.session.add(item)
        item.value, item.note, item.saved_at = checked, note, act.now
    act.session.flush()


def compute_scores(act: Act, committee: Committee, sheets: Sequence[Sheet]) -> None:
    """Write into new sheets what follows from the opened bid alone; no member may change it (R-454)."""
    criteria = scored_criteria(committee.section.method)
    for code, criterion in criteria.items():
        for sheet in sheets if "computed" in criterion else ():
            value = computed_score(criterion, sheet.bid.schedule or {})
            act.session.add(ScoreItem(sheet_id=sheet.id, criterion=code, value=value, note="", saved_at=act.now))
    act.session.flush()


def complete_entries(
    held: Mapping[str, ScoreItem | MaskedScore], criteria: Mapping[str, Mapping[str, Any]], word: str, **facts: Any
) -> dict[str, list[str]]:
    """The entries as the ledger keeps them, once every criterion has one and every subjective extreme its note.

    Invalid: `word`.missing naming the criteria, `word`.note naming the first nought or full mark without a note.
    """
    missing = [code for code in criteria if code not in held]
    if missing:
        raise Invalid(f"{word}.missing", field=missing[0], criteria=", ".join(missing), **facts)
    for code, criterion in criteria.items():
        extreme = held[code].value in (Decimal(0), Decimal(criterion["points"]))
        if extreme and not criterion["objective"] and not held[code].note:
            raise Invalid(f"{word}.note", field=f"{code}-note", criterion=code, **facts)
    return {code: [str(held[code].value), held[code].note] for code in criteria}

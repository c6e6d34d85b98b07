"""R15: generated tenders, 30 % of them sabotaged by named kinds: both verifiers agree on all, every sabotage is named.

A few shapes are really played, from the notice to the sealed file. Each file of the figure is one of them varied:
leaves salted anew, and in a sabotaged one a member changed with leaves, manifest and note signed again by the
platform's own key (an insider), or the whole ledger written anew by whoever holds its key, every head, receipt and
proof with it (`tests/awards/lies.py`), or bytes of the file changed without the key (an outsider).
"""

from __future__ import annotations

import argparse
import io
import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rfc8785

from awards.rules.container import header, open_container
from awards.rules.disclosure import commitment
from awards.rules.export import write_export
from awards.rules.verdict import verify_archive
from core.act import Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Base, Database
from core.ledger.notes import Signer
from core.store import ObjectStore
from tests.awards.lies import LIES as ALWAYS
from tests.awards.lies import RECORDED
from tests.awards.refiled import Members, edited, members_of, packed
from tests.awards.reforged import rewritten
from tests.journeys.recorded import recorded
from tests.journeys.test_outcomes import to_report
from verifier.__main__ import check

SIGNER = Signer("sunbid.figure", b"\x07" * 32)
SHAPES = ("T", "G")
LIES = ALWAYS | RECORDED
Change = Callable[[Any, random.Random], None]


def played(folder: Path, shape: str) -> tuple[str, bytes]:
    """A section of this regime with three bids, played to its sealed file: its code and the file."""
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'sunbid.db'}", folder=folder)
    clock = StoppedClock(datetime(2026, 10, 12, 1, tzinfo=UTC))
    platform = Platform(database, ObjectStore(folder / "objects"), clock, SIGNER, seeded(shape.encode()))
    with database.writing() as session:
        Base.metadata.create_all(session.connection())
    stage = to_report(platform, folder / "machines", shape)
    stage.awarded()
    recorded(stage)
    return stage.code, stage.archived()


def _price(bids: Any, chance: random.Random) -> None:
    bid = chance.choice([one for one in bids if one["price_fen"]])
    bid["price_fen"] -= chance.randrange(1, 10_000)


def _score(result: Any, chance: random.Random) -> None:
    sheet = chance.choice(result["sheets"])
    code = chance.choice(sorted(sheet["items"]))
    held = sheet["items"][code]
    sheet["items"][code] = f"{float(held[0] if isinstance(held, list) else held) + 0.5:.2f}"


def _ranks(result: Any, chance: random.Random) -> None:
    one, two = chance.sample(range(len(result["ranking"])), 2)
    rows = result["ranking"]
    rows[one]["number"], rows[two]["number"] = rows[two]["number"], rows[one]["number"]


def _seed(draws: Any, chance: random.Random) -> None:
    chance.choice(draws)["seed"] = chance.randbytes(32).hex()


def _drop(rows: Any, chance: random.Random) -> None:
    del rows[chance.randrange(len(rows))]


def _instant(rows: Any, chance: random.Random) -> None:
    row = chance.choice(rows)
    row["received_at"] = row["received_at"][:-8] + f"{chance.randrange(10**6):06d}Z"


def _winner(award: Any, chance: random.Random) -> None:
    award["winner"] = chance.choice([number for number in award["candidates"] if number != award["winner"]])


def _facts(ledger: Any, chance: random.Random) -> None:
    entry = chance.choice([one for one in ledger["entries"] if isinstance(one["facts"], dict) and one["facts"]])
    entry["facts"][chance.choice(sorted(entry["facts"]))] = f"changed {chance.random()}"


def _entry(ledger: Any, chance: random.Random) -> None:
    entry = chance.choice(ledger["entries"])
    entry["proof"] = entry["proof"][:-1]


def _credit(checks: Any, chance: random.Random) -> None:
    chance.choice(checks)["evidence"] = {"records": []} | {"x": chance.random()}


def _name(bids: Any, chance: random.Random) -> None:
    chance.choice(bids)["name"] = f"另一家公司{chance.randrange(999)}"


def _list(held: Any, chance: random.Random) -> None:
    place = chance.randrange(len(held["rows"]))
    del held["rows"][place], held["edition"]["items"][place]


def _publicity(award: Any, chance: random.Random) -> None:
    award["ends_at"] = award["began_at"]


def _notice(notices: Any, chance: random.Random) -> None:
    chance.choice(notices)["title"] += "（更正）"


KINDS: dict[str, tuple[str, Change, str]] = {
    "another price": ("bids.json", _price, "originals"),
    "another score": ("evaluation.json", _score, "scores"),
    "swapped ranks": ("evaluation.json", _ranks, "scores"),
    "another seed": ("draws.json", _seed, "draws"),
    "a dropped submission": ("submissions.json", _drop, "closing"),
    "a dropped notice": ("notices.json", _drop, "notices"),
    "another title": ("notices.json", _notice, "notices"),
    "another instant": ("submissions.json", _instant, "submissions"),
    "another winner": ("award.json", _winner, "award"),
    "a publicity cut short": ("award.json", _publicity, "award"),
    "other facts": ("ledger.json", _facts, "entries"),
    "a shortened proof": ("ledger.json", _entry, "entries"),
    "cleaned evidence": ("credit.json", _credit, "credit"),
    "another name": ("bids.json", _name, "identities"),
    "a shorter list": ("completeness.json", _list, "completeness"),
}
"""What an insider with the platform's key changes, and the line that must name it."""
OUTSIDE = ("a flipped bit", "a cut file", "an over-redacted export", "a rewritten export")


def verdicts(raw: bytes, file: Path) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Each verifier's lines and whether they hold."""
    file.write_bytes(raw)
    ours = [(line.check, line.holds) for line in verify_archive(io.BytesIO(raw))]
    theirs = [(line.check, line.holds) for line in check(file)]
    return ours, theirs


def export_of(raw: bytes, change: Callable[[dict[str, Any]], None] | None) -> bytes:
    """The public export, changed or not."""
    out = io.BytesIO()
    write_export(out, open_container(io.BytesIO(raw)), "public")
    if change is None:
        return out.getvalue()
    held = open_container(out)
    told = held.json("export.json")
    change(told)
    members = [(path, held.read(path)) for path in held.members]
    members[0] = ("export.json", rfc8785.dumps(told))
    return b"".join(header(p, len(r)) + r + bytes(-len(r) % 512) for p, r in members) + bytes(1024)


def hide(told: dict[str, Any], chance: random.Random) -> None:
    """Hide a part that the public may see."""
    place = chance.choice([n for n, leaf in enumerate(told["leaves"]) if "value" in leaf and "#/" in leaf["place"]])
    leaf = told["leaves"][place]
    told["leaves"][place] = {
        "class": leaf["class"], "place": leaf["place"], "commitment": commitment(leaf["salt"], leaf["value"]),
    }  # fmt: skip


def rewrite(told: dict[str, Any], chance: random.Random) -> None:
    """Change what an opened part says."""
    leaf = chance.choice([leaf for leaf in told["leaves"] if isinstance(leaf.get("value"), dict) and leaf["value"]])
    leaf["value"][chance.choice(sorted(leaf["value"]))] = "changed"


def sabotaged(kind: str, code: str, raw: bytes, members: Members, built: str, chance: random.Random) -> bytes:
    """The file with this kind of alteration."""
    if kind in KINDS:
        path, change, _ = KINDS[kind]
        edited(members, path, lambda value: change(value, chance))
        return packed(members, code, built, SIGNER)
    if kind in LIES:
        return rewritten(raw, SIGNER, LIES[kind][0])
    if kind == "a flipped bit":
        changed = bytearray(raw)
        changed[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        return bytes(changed)
    if kind == "a cut file":
        return raw[: chance.randrange(len(raw))]
    act = hide if kind == "an over-redacted export" else rewrite
    return export_of(raw, lambda told: act(told, chance))


EXPECTED = {
    "a flipped bit": {"container", "manifest"},
    "a cut file": {"container", "manifest"},
    "an over-redacted export": {"redactions"},
    "a rewritten export": {"leaves"},
}


def _kept(file: Path | None) -> dict[tuple[int, str], str]:
    """What an earlier run that was broken off has found, by place and kind: empty, or what was missed."""
    if file is None or not file.exists():
        return {}
    return {(place, kind): said for place, kind, said in map(json.loads, file.read_text().splitlines())}


def main(arguments: list[str]) -> int:
    """Print the figure; 0 only where both agree on every file and every sabotage is named by both."""
    parser = argparse.ArgumentParser(prog="R15", description=__doc__)
    parser.add_argument("--long", action="store_true", help="1,000 files, 300 of them sabotaged")
    parser.add_argument("--files", type=int, help="how many files; 30 %% of them are sabotaged")
    parser.add_argument("--sabotage", metavar="LINE", help="take this line of both verdicts for good: must turn red")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="keep each file's verdict here; go on from what it has"
    )
    given = parser.parse_args(arguments)
    count = given.files or (1000 if given.long else 20)
    kept = _kept(given.keep)
    missed: list[str] = []
    done: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="r15-") as name:
        folder = Path(name)
        shapes = [played(folder / shape, shape) for shape in (SHAPES if count > 20 else SHAPES[-1:])]
        kinds = [*KINDS, *LIES, *OUTSIDE]
        wrong = count * 3 // 10
        order = [kinds[place % len(kinds)] for place in range(wrong)] + ["good"] * (count - wrong)
        random.Random(15).shuffle(order)
        for place, kind in enumerate(order):
            if (place, kind) in kept:
                done["good" if kind == "good" else "sabotaged"] += 1
                missed += [kept[place, kind]] if kept[place, kind] else []
                continue
            chance = random.Random(f"15 {place}")
            code, base = shapes[place % len(shapes)]
            members = members_of(base)
            built = str(open_container(io.BytesIO(base)).json("manifest.json")["built_at"])
            raw = packed(members, code, built, SIGNER)
            if kind != "good":
                raw = sabotaged(kind, code, raw, members, built, chance)
            ours, theirs = verdicts(raw, folder / "file.tar")
            found = [
                {line for line, holds in lines if not holds and line != given.sabotage} for lines in (ours, theirs)
            ]
            done["good" if kind == "good" else "sabotaged"] += 1
            due = {KINDS[kind][2]} if kind in KINDS else {LIES[kind][1]} if kind in LIES else EXPECTED.get(kind, set())
            named = all(some & due if due else not some for some in found)
            said = "" if named else f"{place} {kind}: ours {sorted(found[0])}, theirs {sorted(found[1])}"
            if said:
                missed.append(said)
                print(f"✗ {said}", flush=True)
            if given.keep is not None:
                with given.keep.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([place, kind, said], ensure_ascii=False) + "\n")
    agreed = count - len(missed)
    print(
        f"R15: {count} files ({done['sabotaged']} sabotaged in {min(wrong, len(kinds))} kinds) of {len(shapes)} played"
        f" shapes: both verifiers agree on {agreed}, {done['sabotaged'] - len([m for m in missed if ' good:' not in m])}"
        f" of {done['sabotaged']} sabotages found and named, {len([m for m in missed if ' good:' in m])} false alarms"
    )
    return 1 if missed else 0

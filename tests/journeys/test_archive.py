"""The archive and its negative twin: two independent verifiers agree on the good one and on every sabotaged one."""

from __future__ import annotations

import hashlib
import io
import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from click.testing import CliRunner

from awards.rules.verdict import verify_archive
from collusion.cli import collusion
from core.ledger.notes import Verifier
from portal.cli.demo.story import SECTION
from tests.awards.refiled import packed
from tests.journeys.conftest import Played, members_of

pytestmark = pytest.mark.slow

Members = dict[str, bytes]


def ours(raw: bytes, key: str | None = None) -> list[tuple[str, bool]]:
    """The platform's own verdict."""
    lines = verify_archive(io.BytesIO(raw), key=Verifier.parse(key) if key else None)
    return [(line.check, line.holds) for line in lines]


def theirs(archive: Path, key: str | None = None) -> list[tuple[str, bool]]:
    """The independent verifier's, in a process of its own."""
    words = [sys.executable, "-m", "verifier", str(archive), "--json", *(["--key", key] if key else [])]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    told = json.loads(done.stdout)
    assert (done.returncode == 0) is told["good"]
    return [(line["check"], line["holds"]) for line in told["lines"]]


def repacked(played: Played, members: Members) -> bytes:
    """An archive over changed members, signed by the platform's own key: the insider's best attempt."""
    kept = {path: raw for path, raw in members.items() if not path.startswith("manifest.")}
    built_at = json.loads(members["manifest.json"])["built_at"]
    return packed(kept, SECTION, built_at, played.stage.platform.signer)


def edited(path: str, change: Callable[[Any], None]) -> Callable[[Members], None]:
    """A sabotage that changes one JSON member."""

    def apply(members: Members) -> None:
        value = json.loads(members[path])
        change(value)
        members[path] = rfc8785.dumps(value)

    return apply


def lower_price(bids: Any) -> None:
    bids[1]["price_fen"] -= 100
    bids[1]["schedule"]["price_fen"] -= 100


def raise_score(result: Any) -> None:
    first = next(iter(result["sheets"][0]["items"]))
    result["sheets"][0]["items"][first] = "8.0"


def swap_ranks(result: Any) -> None:
    result["ranking"][0]["number"], result["ranking"][1]["number"] = (
        result["ranking"][1]["number"],
        result["ranking"][0]["number"],
    )


def other_seed(draws: Any) -> None:
    draws[0]["seed"] = "00" * 32


def drop_submission(submissions: Any) -> None:
    del submissions[2]


def later_receipt(submissions: Any) -> None:
    submissions[0]["received_at"] = submissions[1]["received_at"]


def rewrite_entry(ledger: Any) -> None:
    entry = next(entry for entry in ledger["entries"] if entry["kind"] == "sheet.lock")
    first = next(iter(entry["facts"]["items"]))
    entry["facts"]["items"][first][0] = "0"


def other_winner(award: Any) -> None:
    award["winner"] = award["candidates"][1]


def clean_credit(checks: Any) -> None:
    next(check for check in checks if check["decision"] == "restricted")["evidence"] = {"records": []}


def softer_scan(warnings: Any) -> None:
    warnings["scan"]["result"]["rings"] = []


def lose_cosignatures(trust: Any) -> None:
    for head in trust["heads"]:
        lines = head["checkpoint"].splitlines(keepends=True)
        head["checkpoint"] = "".join(line for line in lines if "supervision.demo" not in line)


def swap_tokens(trust: Any) -> None:
    stamped = [head for head in trust["heads"] if head["timestamps"]]
    stamped[0]["timestamps"], stamped[-1]["timestamps"] = stamped[-1]["timestamps"], stamped[0]["timestamps"]


def forget_tokens(trust: Any) -> None:
    for head in trust["heads"]:
        head["timestamps"] = []


def own_root(trust: Any) -> None:
    from datetime import UTC, datetime

    from portal.cli.tsa import SmallTimestampAuthority

    made = SmallTimestampAuthority.create("own", at=datetime(2026, 10, 1, tzinfo=UTC))
    trust["roots"] = [made.root_pem.decode()]


def excuse(bids: Any) -> None:
    bids[0]["faults"] = [{"code": "identity.unregistered", "rule": "R-200"}]


def rename(bids: Any) -> None:
    bids[0]["name"] = bids[0]["identity"]["bidder"]["name"] = "别的公司"


def other_state(bids: Any) -> None:
    next(bid for bid in bids if bid["state"] == "opened_by_trustees")["state"] = "opened_by_bidder"


def drop_experts_draw(draws: Any) -> None:
    draws[:] = [draw for draw in draws if not draw["label"].startswith("experts:")]


def fewer_seats(draws: Any) -> None:
    next(draw for draw in draws if draw["label"].startswith("experts:"))["seats"][0]["count"] += 1


def drop_notice(notices: Any) -> None:
    del notices[1]


def drop_question(questions: Any) -> None:
    questions["questions"] = []


def other_votes(result: Any) -> None:
    clause = result["conformity"]["bids"][0]["clauses"][0]
    clause["pass"], clause["doubt"] = clause["pass"] - 1, clause["doubt"] + 1


SABOTAGE = {
    "a fault that exempts": (edited("bids.json", excuse), "identities"),
    "another name": (edited("bids.json", rename), "identities"),
    "another state": (edited("bids.json", other_state), "identities"),
    "an unlisted draw": (edited("draws.json", drop_experts_draw), "draws"),
    "another seat": (edited("draws.json", fewer_seats), "draws"),
    "a dropped notice": (edited("notices.json", drop_notice), "notices"),
    "a dropped question": (edited("questions.json", drop_question), "notices"),
    "other votes": (edited("evaluation.json", other_votes), "scores"),
    "lost cosignatures": (edited("trust.json", lose_cosignatures), "trust"),
    "swapped tokens": (edited("trust.json", swap_tokens), "trust"),
    "forgotten tokens": (edited("trust.json", forget_tokens), "trust"),
    "an authority of one's own": (edited("trust.json", own_root), "trust"),
    "a lowered price": (edited("bids.json", lower_price), "originals"),
    "a raised score": (edited("evaluation.json", raise_score), "scores"),
    "swapped ranks": (edited("evaluation.json", swap_ranks), "scores"),
    "another seed": (edited("draws.json", other_seed), "draws"),
    "a dropped submission": (edited("submissions.json", drop_submission), "closing"),
    "a changed instant": (edited("submissions.json", later_receipt), "submissions"),
    "a rewritten entry": (edited("ledger.json", rewrite_entry), "entries"),
    "another winner": (edited("award.json", other_winner), "award"),
    "a cleaned credit check": (edited("credit.json", clean_credit), "credit"),
    "a softened scan": (edited("warnings.json", softer_scan), "warnings"),
}


def test_both_verifiers_find_every_line_of_the_archive_good(played: Played) -> None:
    own, other = ours(played.archive.read_bytes(), played.key), theirs(played.archive, played.key)
    assert [line for line in own if not line[1]] == []
    assert own == other


@pytest.mark.parametrize("name", sorted(SABOTAGE))
def test_both_verifiers_name_what_an_insider_touched(played: Played, tmp_path: Path, name: str) -> None:
    """Re-signed with the platform's own key, so that only the claims themselves can tell.

    Sabotage of the guard: a check that compared nothing (always held) was red for its own name here.
    """
    members = members_of(played.archive)
    change, expected = SABOTAGE[name]
    change(members)
    raw = repacked(played, members)
    target = tmp_path / "sabotaged.tar"
    target.write_bytes(raw)
    own = [check for check, holds in ours(raw) if not holds]
    other = [check for check, holds in theirs(target) if not holds]
    assert expected in own
    assert expected in other


def test_any_flipped_byte_turns_the_archive_red(played: Played) -> None:
    """A byte of every member and of every gap between them."""
    from awards.rules.container import check_manifest, open_container
    from core.errors import Invalid

    raw = played.archive.read_bytes()
    places = range(0, len(raw), max(1, len(raw) // 60))
    for place in places:
        changed = bytearray(raw)
        changed[place] ^= 0x10
        with pytest.raises(Invalid):
            check_manifest(open_container(io.BytesIO(bytes(changed))), None)


def test_another_platforms_key_is_refused_by_both(played: Played, tmp_path: Path) -> None:
    from core.ledger.notes import Signer

    other = str(Signer("sunbid.demo", b"\x09" * 32).verifier)
    assert ours(played.archive.read_bytes(), other)[-1] == ("manifest", False)
    assert ("manifest", False) in theirs(played.archive, other)


def test_the_command_says_the_verdict_and_exits_by_it(played: Played, tmp_path: Path) -> None:
    good = subprocess.run(
        [sys.executable, "-m", "portal.cli", "verify", str(played.archive), "--key", played.key],
        capture_output=True,
        text=True,
    )
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.count("✓") == 29
    broken = tmp_path / "broken.tar"
    broken.write_bytes(played.archive.read_bytes()[:-1])
    bad = subprocess.run([sys.executable, "-m", "portal.cli", "verify", str(broken)], capture_output=True, text=True)
    assert bad.returncode == 1
    assert "✗" in bad.stdout


def test_the_scan_is_made_again_from_the_closed_file_alone(played: Played, tmp_path: Path) -> None:
    """The command that `lay-out` prints, over what it laid out; bids are opened from their sealed originals."""
    out = tmp_path / "laid"
    told = CliRunner().invoke(collusion, ["lay-out", str(played.archive), "--out", str(out)])
    assert told.exit_code == 0, told.output
    line, digest = told.output.splitlines()
    words = shlex.split(line.split(" && ")[1])
    done = subprocess.run(
        [sys.executable, "-m", "portal.cli", *words[1:], "--quiet"], cwd=out, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert hashlib.sha256((out / "scan.json").read_bytes()).hexdigest() == digest

"""Draws from large pools: the quick way gives what the slow way and the independent script give."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pypdfium2 as pdfium
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks import draw as bench
from benchmarks.figures import r26, r27
from core.draw import mechanism
from experts import rules
from experts.rules import Columns, Constraints, Party, Profile, Seat
from tests.experts.story import Story

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "expert_draw_replay.py"
SEED = hashlib.sha256(b"seed").digest()
KINDS = ("X", "Y", "Z", "W")
ON = date(2026, 11, 29)


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("expert_draw_replay", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain_walk(order: Sequence[str], held: Mapping[str, Sequence[str]], seats: Sequence[Seat]) -> list[tuple[str, str]]:
    """Bipartite matching as one would write it first: no memory of searches that failed."""
    units = [seat.speciality for seat in seats for _ in range(seat.count)]
    holder: dict[int, str] = {}

    def place(name: str, tried: set[int]) -> bool:
        for unit, speciality in enumerate(units):
            if speciality in held[name] and unit not in tried:
                tried.add(unit)
                if unit not in holder or place(holder[unit], tried):
                    holder[unit] = name
                    return True
        return False

    for name in order:
        place(name, set())
    return sorted((name, units[unit]) for unit, name in holder.items())


held_by = st.lists(st.sets(st.sampled_from(KINDS), min_size=1), min_size=1, max_size=40)
wanted_seats = st.dictionaries(st.sampled_from(KINDS), st.integers(1, 3), min_size=1, max_size=4).map(
    lambda wanted: [Seat(name, count) for name, count in wanted.items()]
)


def columns(held: Sequence[set[str]], **more: Any) -> Columns:
    count = len(held)
    pool = Columns([], [], [], [], [], KINDS)
    filled: dict[str, Any] = {
        "names": [f"e{n}" for n in range(count)], "held": [pool.bits(one) for one in held],
        "regions": ["330100"] * count, "is_active": [1] * count, "seats_held": [0] * count, "specialities": KINDS,
    }  # fmt: skip
    return Columns(**(filled | more))


@given(held_by, wanted_seats)
def test_the_walk_that_remembers_closed_seats_seats_whom_plain_matching_seats(
    held: list[set[str]], seats: list[Seat]
) -> None:
    """Seen red: a failed search that closed every seat of the committee, not those it visited."""
    names = [f"e{n}" for n in range(len(held))]
    specialities = {name: sorted(own) for name, own in zip(names, held, strict=True)}
    found = rules.walk(names, specialities, seats, {})
    assert sorted((step.candidate, step.detail) for step in found.of("seated")) == plain_walk(
        names, specialities, seats
    )
    assert [step.place for step in found.steps] == list(range(1, len(names) + 1))


@given(held_by, wanted_seats, st.integers(0, 6), st.binary(min_size=32, max_size=32))
def test_the_beginning_of_the_order_decides_as_the_whole_order_does(
    held: list[set[str]], seats: list[Seat], standby: int, seed: bytes
) -> None:
    """Seen red: keeping `standby` of each kind of candidate instead of seats + standby."""
    pool = columns(held)
    wanted = {seat.speciality for seat in seats}
    names = {f"e{n}": sorted(own) for n, own in enumerate(held) if own & wanted}
    places = [n for n, own in enumerate(held) if own & wanted]
    found = rules.draw_seats(pool, places, seats, seed, "experts:S", standby=standby)
    whole = rules.walk(mechanism.order(seed, "experts:S", names), names, seats, {})
    assert [(s.candidate, s.detail) for s in found.of("seated")] == [
        (s.candidate, s.detail) for s in whole.of("seated")
    ]
    assert [s.candidate for s in found.of("standby")] == [s.candidate for s in whole.of("standby")][:standby]


def record_of(held: Mapping[str, Sequence[str]], seats: Sequence[Seat]) -> dict[str, Any]:
    """A published record, its outcome by our walk."""
    label, nonces = "experts:S", {party: hashlib.sha256(party.encode()).digest() for party in ("a", "b", "c")}
    seed = mechanism.seed(label, nonces.values())
    order = mechanism.order(seed, label, held)
    return {
        "label": label,
        "parties": [
            {"party": party, "nonce": nonce.hex(), "commitment": mechanism.nonce_commitment(nonce)}
            for party, nonce in nonces.items()
        ],
        "candidates": sorted(held), "list_digest": mechanism.list_digest(list(held)), "seed": seed.hex(),
        "specialities": held,
        "parameters": {"shape": {"seats": [{"speciality": s.speciality, "count": s.count} for s in seats]}},
        "outcome": {"order": order, "steps": [step.as_json() for step in rules.walk(order, held, seats, {}).steps]},
    }  # fmt: skip


@given(held_by, wanted_seats)
def test_the_independent_script_gives_the_same_steps(held: list[set[str]], seats: list[Seat]) -> None:
    """Seen red: the script without moving a seated candidate to another of their seats."""
    wanted = {seat.speciality for seat in seats}
    record = record_of({f"e{n}": sorted(own) for n, own in enumerate(held) if own & wanted} or {"e": ["X"]}, seats)
    steps = [[step["candidate"], step["outcome"], step["detail"]] for step in record["outcome"]["steps"]]
    if wanted & {name for own in record["specialities"].values() for name in own}:
        assert script().replay(record) == steps


def test_the_script_replays_the_published_draw_and_names_what_was_touched(
    story: Story, tmp_path: Path, app: Any
) -> None:
    """Seen red: each alteration below with the assertion about it taken out of the script."""
    story.to_drawn()
    told = app.test_client().get(f"/draws/experts/{story.code}.json").get_json()

    def run(record: Any) -> subprocess.CompletedProcess[str]:
        (tmp_path / "draws.json").write_text(json.dumps(record), encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-I", str(SCRIPT), "draws.json"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    assert run(told).stdout == f"experts:{story.code}: replayed and right\n"
    alterations = (
        (lambda d: d["parties"][0].update(nonce="00" * 32), "another nonce"),
        (lambda d: d["candidates"].pop(), "not those that were frozen"),
        (lambda d: d.update(seed="00" * 32), "the seed is another"),
        (lambda d: d["outcome"]["order"].reverse(), "the order is another"),
        (lambda d: d["outcome"]["steps"][0].update(outcome="standby", detail=""), "the steps are others"),
    )
    for alter, said in alterations:
        forged = json.loads(json.dumps(told))
        alter(forged["draws"][0])
        answer = run(forged)
        assert answer.returncode == 1 and said in answer.stderr


names_of = st.sampled_from(["宏远 建设", "宏远建设", "江城（集团）", "江城(集团)", "李四", "王五", ""])
codes_of = st.sampled_from(["", "91330100A", "91330100B"])
entry = st.fixed_dictionaries({"name": names_of, "identifier": codes_of, "until": st.sampled_from(["", "2025-01-01"])})
relative = st.fixed_dictionaries({"name": names_of, "organisation": names_of, "identifier": codes_of})
profiles = st.builds(
    Profile,
    name=st.just("某"), status=st.just("active"),
    employers=st.lists(entry, max_size=2), shareholdings=st.lists(entry, max_size=2),
    relatives=st.lists(relative, max_size=2), organisation=st.none() | st.tuples(names_of, codes_of),
)  # fmt: skip
parties = st.lists(
    st.builds(
        Party,
        role=st.sampled_from(["bidder", "tenderee", "agent", "authority"]),
        name=names_of, identifier=codes_of, people=st.lists(names_of, max_size=2).map(tuple),
    ),
    max_size=3,
)  # fmt: skip


A_RELATIVE = Profile("某", "active", relatives=[{"name": "李 四"}])


@settings(max_examples=300)
@example(A_RELATIVE, [Party("bidder", "宏远建设", "91330100A", ("李四",))])
@given(profiles, parties)
def test_no_ground_to_avoid_exists_without_a_key_in_common(profile: Profile, met: list[Party]) -> None:
    """R-330. Seen red: keys of employers only; names that were not folded; a party's people left out."""
    if rules.avoidance_grounds(profile, met, ON):
        assert rules.tie_keys(profile) & rules.party_keys(met)


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            profiles, st.sampled_from(["330100", "320100", "110000"]), st.integers(0, 2),
            st.sampled_from([True, True, False]),
            st.sets(st.sampled_from(KINDS), min_size=1), st.sampled_from([False, False, True]),
        ),
        min_size=1, max_size=12,
    ),
    parties, st.sampled_from([(), ("33",), ("33", "32")]), st.none() | st.integers(1, 3), wanted_seats,
)  # fmt: skip
def test_candidates_by_column_are_those_found_one_by_one(
    pool: list[Any], met: list[Party], regions: tuple[str, ...], most: int | None, seats: list[Seat]
) -> None:
    """Seen red: each constraint left out of `candidate_places` in turn."""
    limits = Constraints(regions, most)
    ties: dict[str, list[int]] = {}
    for place, row in enumerate(pool):
        for key in rules.tie_keys(row[0]):
            ties.setdefault(key, []).append(place)
    held = columns(
        [row[4] for row in pool], regions=[row[1] for row in pool], seats_held=[row[2] for row in pool],
        is_active=[int(row[3]) for row in pool], ties=ties,
    )  # fmt: skip
    busy = frozenset(place for place, row in enumerate(pool) if row[5])

    def has_ground(place: int) -> bool:
        return bool(rules.avoidance_grounds(pool[place][0], met, ON))

    wanted = {seat.speciality for seat in seats}
    assert rules.candidate_places(held, seats, limits, rules.party_keys(met), has_ground, busy) == [
        place
        for place, (_, region, seated, is_active, own, is_busy) in enumerate(pool)
        if is_active and not is_busy and own & wanted and not has_ground(place) and not limits.reasons(region, seated)
    ]


def test_the_benchmark_compares_with_the_independent_script() -> None:
    """Short form of `./run bench draw`. Seen red: a bit set built from a generator read twice seated too few."""
    assert bench.measure(3_000, 1, everyone=True)["same"]


def test_random_tenders_are_recounted_without_a_difference() -> None:
    """Figure R27, short. The faults of the next test turn it red."""
    assert r27.main(["--tenders", "200"]) == 0


@pytest.mark.parametrize("fault", ["float", "even", "exact-rank"])
def test_a_fault_in_scoring_is_found_by_the_recount(fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The switch of R27: rounding floats, half to even, or ranking by unpublished differences is found."""
    assert r27.main(["--tenders", "100", "--sabotage", fault]) == 1
    assert " 0 differ" not in capsys.readouterr().out


@pytest.mark.parametrize("fault", ["order", "last"])
def test_a_steered_draw_is_found(fault: str) -> None:
    """The switch of R26: ordering by identifier; a party that commits after it knows the others' nonces."""
    assert r26.main(["--draws", "2000", "--sabotage", fault]) == 1


def test_the_draw_is_a_document_with_its_record_and_its_program_inside(story: Story, app: Any, tmp_path: Path) -> None:
    """What a person keeps replays the draw without the site. Seen red: without the program among the attachments."""
    client = app.test_client()
    story.open_section()
    story.add_experts()
    story.request()
    story.announce()
    assert client.get(f"/draws/experts/{story.code}.pdf").status_code == 404
    story.commit()
    story.freeze()
    story.reveal()
    answer = client.get(f"/draws/experts/{story.code}.pdf")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF")
    document = pdfium.PdfDocument(answer.data)
    held = {document.get_attachment(n).get_name(): bytes(document.get_attachment(n).get_data()) for n in range(2)}
    for name, content in held.items():
        (tmp_path / name).write_bytes(content)
    assert held["expert_draw_replay.py"] == client.get("/draws/experts/expert_draw_replay.py").data
    command = [sys.executable, "-I", "expert_draw_replay.py", "draws.json"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said == f"experts:{story.code}: replayed and right\n"

"""How fast shared passages are found among many bids, against windows of TF-IDF, datasketch and rensa in the same run.

    ./run bench documents-speed [--sizes 50,100,200,400] [--letters 50000] [--peers 50]

Every bid holds the tender's template, own text of invented words, and, in pairs, planted passages of 300 letters with 0,
10 or 20 % of the letters changed. All are given the template to leave out. A passage counts as found when a report joins
its place in one bid with its place in the other. CPU seconds of the process, loading of libraries not counted; each
program runs in a process of its own, round by round, and its best round counts.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PASSAGE, EDITS = 300, (0.0, 0.1, 0.2)
TEMPLATE = 0.2
WINDOW, STEP = 200, 100
VERIFIED = 0.12
"""Candidates of the hash tables are compared by their signatures, or nearly all of them are false."""
TARGET, GROWTH, MEMORY_MB = 10.0, 1.2, 1536
Report = tuple[int, int, int, int]
"""(bid, letter, other bid, its letter): the middle of a stretch reported as shared."""


@dataclass(frozen=True, slots=True)
class Load:
    """Bids to compare: template, texts, and the planted passages as (bid, at, other, at, edits)."""

    template: str
    texts: list[str]
    planted: list[tuple[int, int, int, int, float]]


def load(size: int, letters: int, seed: int = 2026) -> Load:
    """Make `size` bids of `letters` letters each, the same for a seed."""
    rng = np.random.default_rng(seed)
    han = rng.permutation(np.arange(0x4E00, 0x4E00 + 4000))
    lengths = rng.choice((2, 2, 2, 2, 3, 4), 20_000)
    usual = _zipf(han.size, 0.7)
    words = ["".join(map(chr, rng.choice(han, n, p=usual))) for n in lengths]
    chance = _zipf(len(words), 0.9)

    def prose(count: int) -> str:
        drawn = rng.choice(len(words), count // 2, p=chance)
        ends = np.where(np.arange(drawn.size) % 11 == 10, "。", "")
        text = "".join(words[w] + e for w, e in zip(drawn.tolist(), ends.tolist(), strict=True))
        return text[:count]

    template = prose(int(TEMPLATE * letters))
    texts = [prose(int((1 - TEMPLATE) * letters)) for _ in range(size)]
    planted = []
    number = 0
    for one in range(0, max(2, int(0.3 * size)) - 1, 2):
        for part in range(6):
            at_a = 1000 + part * (len(texts[one]) - 3000) // 6
            at_b = 1200 + (5 - part) * (len(texts[one]) - 3000) // 6
            edits = EDITS[number % 3]
            number += 1
            piece = list(texts[one][at_a : at_a + PASSAGE])
            for place in np.flatnonzero(rng.random(PASSAGE) < edits).tolist():
                piece[place] = chr(int(rng.choice(han)))
            other = texts[one + 1]
            texts[one + 1] = other[:at_b] + "".join(piece) + other[at_b + PASSAGE :]
            planted.append((one, at_a, one + 1, at_b, edits))
    return Load(template, [template + "\n" + text for text in texts], planted)


def _zipf(count: int, power: float) -> np.ndarray:
    weights = 1 / np.arange(1, count + 1) ** power
    return weights / weights.sum()


def ours(work: Load) -> list[Report]:
    """Sunbid's pipeline, from text to passages."""
    from collusion.rules.background import Background
    from collusion.rules.documents import Document, Paragraph
    from collusion.rules.passages import Seeds, compare_all
    from collusion.rules.reading import Ordinary, read_bid

    def document(name: str, text: str) -> Document:
        lines = text.split("\n")
        return Document(name, "txt", name, tuple(Paragraph(line, n) for n, line in enumerate(lines, 1)))

    ordinary = Ordinary([document("tender", work.template)], Background())
    seeds = [Seeds(read_bid(str(n), [document(str(n), text)], ordinary), ordinary) for n, text in enumerate(work.texts)]
    compared = compare_all(seeds, ordinary)
    return [
        (i, p.a.offset + len(p.a.text) // 2, j, p.b.offset + len(p.b.text) // 2)
        for i, j in compared.sharing()
        for p in compared[i, j].passages
    ]


def _windows(work: Load) -> tuple[list[tuple[int, int]], list[str]]:
    places, pieces = [], []
    for number, text in enumerate(work.texts):
        body = text.removeprefix(work.template).lstrip("\n")
        for at in range(0, max(1, len(body) - WINDOW + 1), STEP):
            places.append((number, at + WINDOW // 2))
            pieces.append(body[at : at + WINDOW])
    return places, pieces


def tfidf(work: Load) -> list[Report]:
    """Windows as TF-IDF vectors of letter pairs and triples; pairs of cosine .25 and more."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    places, pieces = _windows(work)
    matrix = TfidfVectorizer(analyzer="char", ngram_range=(2, 3), dtype=np.float32).fit_transform(pieces).tocsr()
    found = []
    for start in range(0, matrix.shape[0], 1000):
        product = (matrix[start : start + 1000] @ matrix.T).tocoo()
        kept = (product.data >= 0.25) & (product.row + start < product.col)
        found += _reports(places, zip((product.row[kept] + start).tolist(), product.col[kept].tolist(), strict=True))
    return found


def datasketch_windows(work: Load) -> list[Report]:
    """MinHash of 64 with LSH over windows' triples."""
    from datasketch import MinHash, MinHashLSH

    places, pieces = _windows(work)
    index = MinHashLSH(threshold=0.2, num_perm=64)
    pairs, kept = [], []
    for number, piece in enumerate(pieces):
        made = MinHash(num_perm=64)
        made.update_batch([piece[at : at + 3].encode() for at in range(len(piece) - 2)])
        kept.append(made)
        pairs += [(int(o), number) for o in index.query(made) if kept[int(o)].jaccard(made) >= VERIFIED]
        index.insert(str(number), made)
    return _reports(places, pairs)


def rensa_windows(work: Load) -> list[Report]:
    """The same with rensa's R-MinHash."""
    from rensa import RMinHash, RMinHashLSH

    places, pieces = _windows(work)
    index = RMinHashLSH(threshold=0.2, num_perm=64, num_bands=32)
    pairs, kept = [], []
    for number, piece in enumerate(pieces):
        made = RMinHash(num_perm=64, seed=42)
        made.update([piece[at : at + 3] for at in range(len(piece) - 2)])
        kept.append(made)
        pairs += [(int(o), number) for o in index.query(made) if kept[int(o)].jaccard(made) >= VERIFIED]
        index.insert(number, made)
    return _reports(places, pairs)


def _reports(places: list[tuple[int, int]], pairs: Iterable[tuple[int, int]]) -> list[Report]:
    return [(*places[a], *places[b]) for a, b in pairs if places[a][0] != places[b][0]]


PROGRAMS: dict[str, tuple[Callable[[Load], list[Report]], str, str]] = {
    "sunbid": (ours, "numpy", "collusion.rules.passages"),
    "TF-IDF windows": (tfidf, "sklearn", "sklearn.feature_extraction.text"),
    "rensa windows": (rensa_windows, "rensa", "rensa"),
    "datasketch windows": (datasketch_windows, "datasketch", "datasketch"),
}
"""Each program, the library it needs, and what is loaded before the clock starts."""


def judged(work: Load, reports: list[Report]) -> tuple[list[float], float]:
    """Recall by edits, and the share of reports that join planted places."""
    near = PASSAGE / 2 + WINDOW / 2
    joined: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for a, at_a, b, at_b in reports:
        joined.setdefault((a, b), []).append((at_a, at_b))
    hits: dict[float, list[bool]] = {edits: [] for edits in EDITS}
    right: set[tuple[int, int, int, int]] = set()
    for a, at_a, b, at_b, edits in work.planted:
        middle = PASSAGE / 2
        good = [
            (x, y)
            for x, y in joined.get((a, b), [])
            if abs(x - at_a - middle) <= near and abs(y - at_b - middle) <= near
        ]
        right.update((a, x, b, y) for x, y in good)
        hits[edits].append(bool(good))
    return [sum(h) / max(1, len(h)) for h in hits.values()], len(right) / max(1, len(set(reports)))


def timed(name: str, size: int, letters: int) -> dict[str, object] | None:
    """Run one program on one load in a process of its own."""
    if find_spec(PROGRAMS[name][1]) is None:
        return None
    command = [sys.executable, "-m", "benchmarks.bidbench.speed", "--child", name, str(size), str(letters)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-800:], file=sys.stderr)
        return None
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def child(name: str, size: int, letters: int) -> int:
    """Make the load, run, tell."""
    work = load(size, letters)
    import_module(PROGRAMS[name][2])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    reports = PROGRAMS[name][0](work)
    seconds = time.process_time() - started
    recall, precision = judged(work, reports)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "recall": recall, "precision": precision, "peak_mb": peak, "before": before}))
    return 0


def main(arguments: list[str]) -> int:
    """Print the table; exit 0 when speed, growth and memory hold."""
    if arguments[:1] == ["--child"]:
        return child(arguments[1], int(arguments[2]), int(arguments[3]))
    parser = argparse.ArgumentParser(prog="documents-speed", description=__doc__)
    parser.add_argument("--sizes", default="50,100,200,400")
    parser.add_argument("--letters", type=int, default=50_000)
    parser.add_argument("--peers", type=int, default=50, help="run the peers on so many bids")
    parser.add_argument("--rounds", type=int, default=2, help="the better of so many runs counts")
    options = parser.parse_args(arguments)
    sizes = [int(size) for size in options.sizes.split(",")]
    rows: dict[tuple[str, int], dict[str, object]] = {}
    wanted = [(name, size) for name in PROGRAMS for size in (sizes if name == "sunbid" else [options.peers])]
    runs: dict[tuple[str, int], list[dict[str, object]]] = {}
    for _ in range(options.rounds):
        for name, size in wanted:
            if told := timed(name, size, options.letters):
                runs.setdefault((name, size), []).append(told)
    for name, size in wanted:
        if (name, size) not in runs:
            print(f"{name:20} not installed")
        else:
            told = rows[name, size] = min(runs[name, size], key=lambda run: float(str(run["seconds"])))
            recall = "/".join(f"{r:.2f}" for r in told["recall"])  # type: ignore[attr-defined]
            print(
                f"{name:20} N={size:4} {float(str(told['seconds'])):8.2f} s  recall {recall}  precision "
                f"{float(str(told['precision'])):.2f}  {float(str(told['peak_mb'])):6.0f} MB",
                flush=True,
            )

    def seconds(name: str, size: int) -> float:
        return float(str(rows[name, size]["seconds"]))

    peers = {name: seconds(name, size) for name, size in rows if name != "sunbid"}
    base, top = sizes[0], sizes[-1]
    growth = math.log(seconds("sunbid", top) / seconds("sunbid", base)) / math.log(top / base) if top > base else 1.0
    ours_recall: list[float] = rows["sunbid", options.peers]["recall"]  # type: ignore[assignment]
    fastest = min(peers, key=peers.__getitem__) if peers else "none"
    equal = {
        name: spent
        for name, spent in peers.items()
        if sum(rows[name, options.peers]["recall"]) >= 0.98 * sum(ours_recall)  # type: ignore[call-overload]
    }
    ratio = peers[fastest] / seconds("sunbid", options.peers) if peers else 0.0
    fair = min(equal.values()) / seconds("sunbid", options.peers) if equal else math.nan
    memory = max(float(str(row["peak_mb"])) for (name, _), row in rows.items() if name == "sunbid")
    holds = ratio >= TARGET and growth <= GROWTH and memory < MEMORY_MB
    print(
        f"documents-speed: {ratio:.1f}× the fastest peer ({fastest}) on {options.peers} × {options.letters} letters "
        f"(target {TARGET:.0f}), {fair:.1f}× the fastest of equal recall, recall {'/'.join(f'{r:.2f}' for r in ours_recall)}"
        f" at 0/10/20 % changed, growth N^{growth:.2f} to {top} (target ≤ {GROWTH}), peak {memory:.0f} MB "
        f"(target < {MEMORY_MB})"
    )
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

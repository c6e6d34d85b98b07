"""R23: the bomb zoo: every animal is refused by name, in a CPU second and 256 MB, by the real door.

The animals stand in `tests/core/documents/zoo.py`. Each is read by a process of its own that is watched; an animal that
is merely harmless (a loop that ends, a quine nobody unpacks) may be read, within the same limits. `--sabotage` gives
the office animals to a reader that unpacks and expands whatever it is given.

    ./run figure R23 [--long] [--sabotage]
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figures.hostile import Seen, nursery, witness

SECONDS, MEGABYTES = 1.0, 256.0
ROUNDS_LONG = 5


@dataclass
class Tally:
    """What became of the zoo."""

    seen: list[tuple[str, set[str], Seen]] = field(default_factory=list)

    @property
    def escaped(self) -> list[str]:
        """Animals that were not refused by one of their names."""
        return [label for label, codes, seen in self.seen if seen.outcome not in codes]

    @property
    def slow(self) -> list[str]:
        """Animals that took longer than allowed."""
        return [label for label, _, seen in self.seen if seen.seconds > SECONDS]

    @property
    def large(self) -> list[str]:
        """Animals that took more memory than allowed."""
        return [label for label, _, seen in self.seen if seen.peak_mb > MEGABYTES]


def measure(*, sabotage: bool = False, only: frozenset[str] = frozenset()) -> Tally:
    """Show every animal (or `only` these) to the door."""
    from tests.core.documents import menagerie, zoo

    tally = Tally()
    animals = {**zoo.animals(), **menagerie.animals()}
    with tempfile.TemporaryDirectory(prefix="sunbid-r23-") as folder:
        for label, (name, data, codes) in animals.items():
            if only and label not in only:
                continue
            if sabotage:
                seen = next(nursery(iter([("x", data)]), _gullible, wall=10.0))
            else:
                path = Path(folder) / name
                path.write_bytes(data)
                seen = witness(path)
            tally.seen.append((label, codes, seen))
    return tally


def _gullible(_: str) -> int:
    """The sabotage: unpack everything and expand every entity, bound only by the limits of the process."""
    import json

    from lxml import etree

    from core.documents.extraction.__main__ import bind_hands

    bind_hands()
    size = 0
    parser = etree.XMLParser(resolve_entities=True, huge_tree=True, load_dtd=True)
    with zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())) as container:
        for part in _parts(container):
            size += len(part)
            if part.lstrip()[:1] == b"<":
                size += sum(len(str(text)) for text in etree.fromstring(part, parser).itertext())
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    print(json.dumps({"size": size}))
    sys.stdout.flush()
    return 0


def _parts(container: zipfile.ZipFile) -> Iterator[Any]:
    for entry in container.infolist():
        yield container.read(entry)


def main(arguments: list[str]) -> int:
    """Exit 0 when every animal was refused by name within the limits."""
    parser = argparse.ArgumentParser(prog="R23", description=__doc__)
    parser.add_argument("--long", action="store_true", help=f"the zoo {ROUNDS_LONG} times, the worst of each counts")
    parser.add_argument("--sabotage", action="store_true", help="a reader that believes everything")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    rounds = [measure(sabotage=options.sabotage) for _ in range(ROUNDS_LONG if options.long else 1)]
    for label, _, seen in sorted(rounds[0].seen, key=lambda entry: -entry[2].seconds):
        print(f"{label:32} {seen.outcome:24} {seen.seconds:6.2f} s {seen.peak_mb:6.0f} MB")
    escaped = sorted({label for tally in rounds for label in tally.escaped})
    slow = sorted({label for tally in rounds for label in tally.slow})
    large = sorted({label for tally in rounds for label in tally.large})
    for what, labels in (("not refused by name", escaped), ("slow", slow), ("large", large)):
        if labels:
            print(f"{what}: {', '.join(labels)}")
    every = [seen for tally in rounds for _, _, seen in tally.seen]
    print(
        f"R23: {len(rounds[0].seen)} animals × {len(rounds)} in {time.monotonic() - started:.0f} s: {len(escaped)} not "
        f"refused by name, {len(slow)} over {SECONDS:.0f} s of CPU (slowest {max(s.seconds for s in every):.2f} s), "
        f"{len(large)} over {MEGABYTES:.0f} MB (largest {max(s.peak_mb for s in every):.0f} MB)"
    )
    return 1 if escaped or slow or large else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""R22: mutated documents through the limited process: no crash of the host, nothing over two CPU seconds or 256 MB.

Honest docx, xlsx, pdf, json and text files are damaged at random (bits, splices, boundary numbers, parts repacked with
right sums). Most cases are read in forked children that run the limited process's own program; a sample goes through
the real door. `--sabotage` reads without the program's last net, so that a parser's own exception escapes.

    ./run figure R22 [--long] [--cases N] [--seed N] [--sabotage]
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures.hostile import Seen, mutated, nursery, witness

SECONDS, MEGABYTES = 2.0, 256.0
DOOR_EVERY = 250
SHORT, LONG = 2_000, 100_000


@dataclass
class Tally:
    """What became of the cases."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slow: list[tuple[int, Seen]] = field(default_factory=list)
    large: list[tuple[int, Seen]] = field(default_factory=list)
    crashed: list[int] = field(default_factory=list)
    escaped: list[int] = field(default_factory=list)
    door: int = 0
    host: list[tuple[int, str]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Say whether no case crashed, escaped, hung or grew."""
        return not (self.slow or self.large or self.crashed or self.escaped or self.host)

    def take(self, number: int, seen: Seen) -> None:
        """Count one case."""
        self.outcomes[seen.outcome] += 1
        if seen.seconds > SECONDS:
            self.slow.append((number, seen))
        if seen.peak_mb > MEGABYTES:
            self.large.append((number, seen))
        if seen.outcome.startswith("crash:"):
            self.crashed.append(number)
        if seen.outcome.startswith("uncaught:"):
            self.escaped.append(number)


def seeds() -> dict[str, bytes]:
    """Honest documents of every kind the platform reads; names are `suffix` or `suffix.variant`."""
    from docx import Document as NewDocument
    from openpyxl import Workbook
    from PIL import Image, ImageDraw

    from tests.core.documents import zoo

    image = Image.new("RGB", (120, 90), "white")
    ImageDraw.Draw(image).rectangle((10, 10, 80, 60), fill=(20, 90, 160))
    made: dict[str, bytes] = {"docx.small": zoo.docx()}
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"):
        stream = io.BytesIO()
        image.save(stream, kind)
        made[f"docx.{kind.lower()}"] = zoo.docx({f"word/media/image1.{kind.lower()}": stream.getvalue()})
    written = NewDocument()
    for n in range(6):
        written.add_paragraph(f"第{n}节 基坑降水采用管井，井距{n}米。")
    written.add_table(3, 3).cell(0, 0).text = "项目名称"
    stream = io.BytesIO()
    written.save(stream)
    made["docx.word"] = stream.getvalue()
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "工程量清单"
    sheet.append(["项目编码", "项目名称", "工程量", "综合单价"])
    for n in range(12):
        sheet.append([f"0101{n:03d}", f"土方{n}", 12.5 * n, 3.2 + n])
    stream = io.BytesIO()
    book.save(stream)
    made["xlsx"] = stream.getvalue()
    content = "BT /F1 12 Tf 20 100 Td (Dewatering by wells, 12.5 m) Tj ET"
    font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    made["pdf.plain"] = zoo.pdf("", (font, f"<</Length {len(content)}>>stream\n{content}\nendstream")).replace(
        b"/MediaBox[0 0 200 200]", b"/MediaBox[0 0 200 200]/Resources<</Font<</F1 4 0 R>>>>/Contents 5 0 R"
    )
    stream = io.BytesIO()
    image.save(stream, "PDF", title="Bid", author="A")
    made["pdf.picture"] = stream.getvalue()
    made["json"] = json.dumps({"type": "sunbid-schedule/v1", "price_fen": 12_345, "rows": [[1, "甲"]] * 5}).encode()
    made["txt"] = ("管井降水，井距十二米。\n" * 20).encode()
    assert zipfile.is_zipfile(io.BytesIO(made["docx.word"]))
    return made


def _limited(suffix: str) -> int:
    from core.documents.extraction.__main__ import main as limited

    return limited(suffix)


def _without_net(suffix: str) -> int:
    """The sabotage: the same readers without the net under them; what they raise ends the process."""
    from core.documents.document import encode
    from core.documents.extraction.__main__ import bind_hands
    from core.documents.extraction.reader import read
    from core.errors import Refusal

    bind_hands()
    try:
        answer = encode(read(sys.stdin.buffer, suffix))
    except Refusal as refusal:
        answer = {"refused": refusal.code}
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    print(json.dumps(answer))
    sys.stdout.flush()
    return 0


def measure(cases: int, seed: int = 2026, *, sabotage: bool = False, door_every: int = DOOR_EVERY) -> Tally:
    """Read so many cases."""
    _load_readers()
    good = seeds()
    tally = Tally()
    started = time.monotonic()
    made = (mutated(good, number, seed) for number in range(cases))
    for number, seen in enumerate(nursery(made, _without_net if sabotage else _limited)):
        tally.take(number, seen)
        if (number + 1) % 10_000 == 0:
            print(f"{number + 1} cases, {time.monotonic() - started:.0f} s, {dict(tally.outcomes)}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="sunbid-r22-") as name:
        for number in range(0, cases, door_every):
            suffix, data = mutated(good, number, seed)
            path = Path(name) / f"case.{suffix}"
            path.write_bytes(data)
            seen = witness(path)
            tally.door += 1
            if seen.outcome.startswith("host:"):
                tally.host.append((number, seen.outcome))
    return tally


def _load_readers() -> None:
    """Load every parser before the first fork, as the limited process would after its own start."""
    import core.documents.extraction.__main__
    import core.documents.extraction.office
    import core.documents.extraction.portable
    import core.documents.extraction.reader  # noqa: F401


def main(arguments: list[str]) -> int:
    """Exit 0 when nothing crashed, escaped, hung or grew."""
    parser = argparse.ArgumentParser(prog="R22", description=__doc__)
    parser.add_argument("--long", action="store_true", help=f"{LONG:,} cases instead of {SHORT:,}")
    parser.add_argument("--cases", type=int, help="so many cases")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--sabotage", action="store_true", help="read without the last net")
    options = parser.parse_args(arguments)
    cases = options.cases or (LONG if options.long else SHORT)
    started = time.monotonic()
    tally = measure(cases, options.seed, sabotage=options.sabotage)
    for outcome, count in tally.outcomes.most_common():
        print(f"{outcome:28} {count}")
    for what, found in (("slow", tally.slow), ("large", tally.large), ("host", tally.host)):
        for number, detail in found[:5]:
            print(f"{what}: case {number}: {detail}")
    for what, numbers in (("crashed", tally.crashed), ("escaped", tally.escaped)):
        if numbers:
            print(f"{what}: cases {numbers[:10]}")
    print(
        f"R22: {cases} mutated documents of seed {options.seed} in {time.monotonic() - started:.0f} s, {tally.door} of "
        f"them through the real door: {len(tally.host)} failures of the host, {len(tally.crashed)} crashed readers, "
        f"{len(tally.escaped)} uncaught, {len(tally.slow)} over {SECONDS:.0f} s of CPU, {len(tally.large)} over "
        f"{MEGABYTES:.0f} MB"
    )
    return 0 if tally.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

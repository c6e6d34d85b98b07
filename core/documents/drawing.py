"""Draws pages of a stranger's PDF, with the reader's marks on them; runs in the limited process only."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any

MAX_BYTES = 200 * 1024 * 1024
ANSWER_BYTES = 64 * 1024 * 1024
MAX_PAGES = 3_000
MOST_SIDE = 6_000
MOST_PIXELS = 8_000_000
"""A picture of a page has at most so many pixels, however large the page says it is."""
MOST_TEXT = 20_000
"""Characters of one page's text; a page of print has two thousand."""
TEXT_SECONDS = 12.0
FONT = Path(__file__).parents[1] / "render" / "fonts" / "SunbidSong-Regular.otf"


def main(argument: str) -> int:
    """Do what `argument` (JSON) asks with the file on standard input; answer a head in JSON and the pictures."""
    from core.documents.extraction.__main__ import bind_hands

    bind_hands(answer=ANSWER_BYTES)
    from core.errors import Refusal

    blobs: list[bytes] = []
    try:
        head, blobs = _do(json.loads(argument), sys.stdin.buffer.read(MAX_BYTES + 1))
    except Refusal as refusal:
        head = {"refused": refusal.code}
    except MemoryError:
        head = {"refused": "document.memory"}
    except Exception as error:  # a parser may fail in any way on hostile input: its name is the answer
        head = {"refused": "document.unreadable", "reason": type(error).__name__}
    text = json.dumps({**head, "sizes": [len(blob) for blob in blobs]}, ensure_ascii=False).encode("utf-8", "replace")
    for part in (struct.pack(">I", len(text)), text, *blobs):
        view = memoryview(part)
        while view:
            view = view[os.write(1, view) :]
    return 0


def _do(asked: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    from core.errors import Invalid

    if len(data) > MAX_BYTES:
        raise Invalid("document.size")
    if asked["do"] == "mark":
        return {}, [_marked(_picture_of(data), asked["marks"])]
    pdf = _open(data)
    if asked["do"] == "texts":
        return _texts(pdf), []
    if asked["do"] == "thumbs":
        last = min(asked["last"], len(pdf))
        return {}, [_jpeg(_drawn(pdf, number, asked["width"]), 70) for number in range(asked["first"], last + 1)]
    drawn = _drawn(pdf, asked["page"], asked["width"])
    return {}, [_png(drawn), _marked(drawn, asked["marks"])]


def _open(data: bytes) -> Any:
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    from core.errors import Invalid

    if b"%PDF-" not in data[:1024]:
        raise Invalid("document.kind")
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        # 4: FPDF_ERR_PASSWORD
        locked = raw.FPDF_GetLastError() == 4 or "assword" in str(error)
        raise Invalid("document.encrypted" if locked else "document.unreadable") from error
    if not 0 < len(pdf) <= MAX_PAGES:
        raise Invalid("document.bomb" if len(pdf) else "document.unreadable")
    return pdf


def _drawn(pdf: Any, number: int, width: int) -> Any:
    """Page `number` (from 1) as an image about `width` pixels wide, less where the page is very large or very long."""
    import pypdfium2.raw as raw

    from core.documents.extraction.pictures import MAX_PIXELS
    from core.errors import Invalid

    if not 1 <= number <= len(pdf):
        raise Invalid("document.page")
    page = pdf[number - 1]
    across, down = page.get_size()
    if not (math.isfinite(across) and math.isfinite(down) and across > 0 and down > 0):
        raise Invalid("document.unreadable")
    pixels = 0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        wide, high = item.get_px_size()
        pixels += wide * high
        if pixels > 2 * MAX_PIXELS:
            raise Invalid("document.pixels")
    scale = min(width / across, MOST_SIDE / across, MOST_SIDE / down, math.sqrt(MOST_PIXELS / (across * down)))
    drawn = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    page.close()
    return drawn


def _texts(pdf: Any) -> dict[str, Any]:
    """Every page's text, line by line; None for those that could not be read within the time."""
    began = time.process_time()
    texts: list[str | None] = []
    sizes: list[list[float]] = []
    for number in range(len(pdf)):
        if time.process_time() - began > TEXT_SECONDS:
            texts += [None] * (len(pdf) - number)
            break
        text = None
        with contextlib.suppress(Exception):
            page = pdf[number]
            sizes.append([round(side, 1) for side in page.get_size()])
            held = page.get_textpage()
            text = _plain(held.get_text_range(errors="replace"))
            held.close()
            page.close()
        texts.append(text)
    return {"pages": len(pdf), "texts": texts}


def _plain(text: str) -> str:
    """The text without what no reader sees: control and direction characters, empty lines."""
    import unicodedata

    lines = []
    for line in text[: 2 * MOST_TEXT].splitlines():
        kept = "".join(char if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co") else " " for char in line)
        if kept.strip():
            lines.append(" ".join(kept.split()))
    return "\n".join(lines)[:MOST_TEXT]


def _picture_of(data: bytes) -> Any:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS * 2
    return Image.open(io.BytesIO(data), formats=["PNG"]).convert("RGB")


def _marked(picture: Any, marks: list[str]) -> bytes:
    """The picture as JPEG with `marks` across it, in rows, faint enough to read through."""
    from PIL import Image, ImageDraw, ImageFont

    if marks:
        size = max(18, min(44, picture.width // 48))
        font = ImageFont.truetype(str(FONT), size)
        text = "\n".join(marks)
        box = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, font=font, spacing=size // 3)
        label = Image.new("L", (math.ceil(box[2]) + size, math.ceil(box[3]) + size), 0)
        ImageDraw.Draw(label).multiline_text((size // 2, size // 2), text, font=font, fill=46, spacing=size // 3)
        label = label.rotate(28, expand=True, resample=Image.Resampling.BICUBIC)
        mask = Image.new("L", picture.size, 0)
        for row, top in enumerate(range(-label.height // 3, picture.height, round(label.height * 1.05))):
            for left in range(-(row % 2) * label.width // 2, picture.width, round(label.width * 1.1)):
                mask.paste(label, (left, top))
        picture.paste((20, 50, 110), (0, 0, *picture.size), mask)
    return _jpeg(picture, 82)


def _jpeg(picture: Any, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()


def _png(picture: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


if __name__ == "__main__":
    code = main(sys.argv[1] if len(sys.argv) > 1 else "{}")
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    os._exit(code)  # skip destructors of half-open native parsers

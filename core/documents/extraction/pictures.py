"""Embedded images: size check before decoding, and a small perceptual hash."""

from __future__ import annotations

import hashlib
import io
import math
from typing import Any

from PIL import Image, UnidentifiedImageError

from core.documents.document import Picture
from core.errors import Invalid

MAX_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
EDGE = 64
KEPT = 16
FLAT_RANGE = 24

_COSINES = [[math.cos(math.pi * (2 * x + 1) * u / (2 * EDGE)) for x in range(EDGE)] for u in range(KEPT + 1)]


def picture(data: bytes, page: int | None = None) -> Picture:
    """Describe one embedded image stream. An undecodable one keeps its digest only; a pixel flood raises Invalid."""
    digest = hashlib.sha256(data).hexdigest()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Invalid("document.pixels", width=width, height=height)
            image.draft("L", (EDGE * 2, EDGE * 2))
            return Picture(digest, width, height, perceptual(image), page)
    except Image.DecompressionBombError as error:
        raise Invalid("document.pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, TypeError, EOFError, OverflowError):
        return Picture(digest, 0, 0, None, page)


def perceptual(image: Any) -> int | None:
    """Give 256 bits of the low-frequency cosine transform (pHash, Zauner 2010), or None for a nearly flat image.

    64 bits do not tell line drawings apart: two site plans of different projects came within 6 bits.
    """
    grey = image.convert("L").resize((EDGE, EDGE), Image.Resampling.BILINEAR)
    pixels = list(grey.tobytes())
    if max(pixels) - min(pixels) < FLAT_RANGE:
        return None
    rows = [pixels[y * EDGE : (y + 1) * EDGE] for y in range(EDGE)]
    # Rows first, then columns: the transform is separable. Index 0 (mean brightness) is left out on both axes.
    across = [[sum(v * c for v, c in zip(row, _COSINES[u], strict=True)) for u in range(1, KEPT + 1)] for row in rows]
    values = [sum(across[y][u] * _COSINES[v][y] for y in range(EDGE)) for v in range(1, KEPT + 1) for u in range(KEPT)]
    middle = sorted(values)[len(values) // 2]
    return sum(1 << i for i, value in enumerate(values) if value > middle)

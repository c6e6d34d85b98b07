"""Builds the shipped Chinese face: a subset of Noto Serif CJK SC, so that PDFs have Chinese on machines without fonts.

    python core/render/fonts/build.py /usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc

(Debian package fonts-noto-cjk 1:20220127, font revision 2.001.) Characters: GB 2312, the characters of 通用规范汉字表
(State Council, 2013) beyond it and rare characters of names (`beyond_gb2312.txt`), Latin, punctuation and signs.
The same source font and fontTools give the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

HERE = Path(__file__).parent
FAMILY = "Sunbid Song"
TARGET = HERE / "SunbidSong-Regular.otf"


def characters() -> set[str]:
    """Return every character the face holds."""
    hanzi = {
        sign
        for row in range(0xA1, 0xF8)
        for cell in range(0xA1, 0xFF)
        for sign in bytes([row, cell]).decode("gb2312", "ignore")
    }
    latin = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2028))}
    signs = set("‰′″※€№℃™→←↑↓⇒≈≠≤≥±×÷√∞∑△▲▽▼◆◇○●◎■□★☆✓✗✔✘①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳㎡㎥㎜㎝㎞㎏〔〕【】﹏￥")
    return hanzi | latin | signs | set((HERE / "beyond_gb2312.txt").read_text(encoding="utf-8")) - {"\n"}


def simplified_face(collection: Path) -> TTFont:
    """Return the simplified Chinese face of the collection; LookupError when it has none."""
    for face in TTCollection(str(collection)).fonts:
        if face["name"].getDebugName(1) == "Noto Serif CJK SC":
            return face
    raise LookupError(f"no Noto Serif CJK SC in {collection}")


def build(collection: Path, target: Path) -> None:
    """Write the subset of `collection` to `target`, renamed as the Open Font License wants for changed fonts."""
    face = simplified_face(collection)
    options = subset.Options(
        layout_features=["kern", "locl", "ccmp"], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], hinting=False,
        notdef_outline=True, drop_tables=["DSIG", "VORG", "vhea", "vmtx"], recalc_timestamp=False,
    )  # fmt: skip
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(characters())))
    subsetter.subset(face)
    for record in face["name"].names:
        text = {1: FAMILY, 3: f"{FAMILY} 1", 4: FAMILY, 6: FAMILY.replace(" ", "")}.get(record.nameID)
        if text:
            record.string = text
    face["CFF "].cff.fontNames = [FAMILY.replace(" ", "")]
    face.save(str(target))


if __name__ == "__main__":
    build(Path(sys.argv[1]), TARGET)
    sys.stderr.write(f"{TARGET.name}: {TARGET.stat().st_size / 1e6:.1f} MB\n")

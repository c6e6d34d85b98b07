"""More animals for the zoo: loops, quines, quadratic growth, nesting, floods of other kinds (PROOF R23)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from tests.core.documents.zoo import BODY, W, docx, pdf

S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HARMLESS = {"read"}


def xlsx(sheet: str, shared: str | None = None, sheets: int = 1) -> bytes:
    """Give a minimal xlsx of this sheet body, `sheets` times."""
    rows = "".join(f'<sheet name="s{n}" sheetId="{n + 1}" r:id="r1"/>' for n in range(sheets))
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.xml": f'<workbook xmlns="{S}" xmlns:r="{REL}"><sheets>{rows}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>'
        ),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{S}"><sheetData>{sheet}</sheetData></worksheet>',
    }
    if shared is not None:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{S}">{shared}</sst>'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as container:
        for name, body in parts.items():
            container.writestr(name, body)
    return stream.getvalue()


def repeated_string() -> bytes:
    """One long shared string that many cells point at: a few hundred kilobytes become gigabytes of text."""
    noise = "".join(f"{n * 2654435761 % 4294967296:08x}" for n in range(12_000))
    cells = "".join(f'<c r="A{n}" t="s"><v>0</v></c>' for n in range(1, 4))
    rows = "".join(f'<row r="{n}">{cells}</row>' for n in range(1, 20_001))
    return xlsx(rows, f"<si><t>{noise}</t></si>")


def quine() -> bytes:
    """A zip within a zip within a zip: nobody may unpack what a document carries inside."""
    inner = b"PK\x05\x06" + b"\0" * 18
    for depth in range(40):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as container:
            container.writestr(f"{depth}.zip", inner)
        inner = stream.getvalue()
    return inner


def self_referring() -> bytes:
    """A zip whose one entry's data are the archive's own first bytes (the idea of r.zip, Cox 2010)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as container:
        container.writestr("r/r.zip", b"")
    data = bytearray(stream.getvalue())
    size = len(data)
    for at, where in ((data.index(b"PK\x03\x04"), 18), (data.index(b"PK\x01\x02"), 20)):
        data[at + where : at + where + 8] = struct.pack("<II", size, size)
    return bytes(data)


def quadratic() -> str:
    """One long entity used a thousand times (quadratic blow-up)."""
    return f'<!DOCTYPE w [<!ENTITY a "{"泵" * 20_000}">]>' + BODY.replace("管井", "&a;" * 1_000)


def attributes() -> str:
    """Tens of thousands of attributes on one element, each to be checked against all others."""
    many = " ".join(f'a{n}="x"' for n in range(60_000))
    return f"<w:document {W}><w:body><w:p {many}/></w:body></w:document>"


def nested_tables(depth: int = 200) -> str:
    """Tables within tables: a reader that asks every row for all rows below it takes the square."""
    inner = "<w:p><w:r><w:t>泵</w:t></w:r></w:p>"
    for _ in range(depth // 3):
        inner = f"<w:tbl><w:tr><w:tc>{inner * 1}<w:p><w:r><w:t>池</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    return f"<w:document {W}><w:body>{inner}</w:body></w:document>"


def stream_bomb() -> bytes:
    """A page whose contents inflate to a gigabyte of operators, twice over."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"0 0 m 9 9 l S\n" * 100_000) for _ in range(350)) + packer.flush()
    twice = zlib.compress(packed, 9)
    head = f"<</Length {len(twice)}/Filter[/FlateDecode/FlateDecode]>>stream\n".encode()
    page = b"/MediaBox[0 0 200 200]"
    return pdf("", ("@",)).replace(b"@", head + twice + b"\nendstream").replace(page, page + b"/Contents 4 0 R")


def interlaced_flood() -> bytes:
    """A PNG of 6,000 × 6,000 sixteen-bit pixels that inflates from a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = b"\0" + b"\0\0" * 3 * 6_000
    body = b"".join(packer.compress(row) for _ in range(6_000)) + packer.flush()
    head = struct.pack(">IIBBBBB", 6_000, 6_000, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def animals() -> dict[str, tuple[str, bytes, set[str]]]:
    """Give every animal: label → (file name, bytes, outcomes that are right; `read` where it is only harmless)."""
    unread = {"document.unreadable"}
    bombs = {"document.bomb", "document.memory", "document.timeout"}
    kids_loop = pdf().replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]")
    return {
        "quadratic entities": ("a.docx", docx(body=quadratic()), {"document.doctype"}),
        "zip quine": ("a.zip", quine(), {"document.kind"}),
        "zip quine as docx": ("a.docx", docx({"word/embeddings/r.zip": quine()}), {"document.embedded"}),
        "zip that holds itself": ("a.zip", self_referring(), {"document.kind", "document.unreadable", "document.bomb"}),
        "zip within a docx": ("a.docx", docx({"word/media/image1.png": quine()}), HARMLESS),
        "attribute flood": ("a.docx", docx(body=attributes()), bombs | unread | HARMLESS),
        "nested tables": ("a.docx", docx(body=nested_tables()), HARMLESS | bombs | unread),
        "deep sheet": ("a.xlsx", xlsx("<row>" * 3_000 + "</row>" * 3_000), unread),
        "repeated string": ("a.xlsx", repeated_string(), bombs),
        "many sheets": ("a.xlsx", xlsx('<row><c t="n"><v>1</v></c></row>' * 3_000, sheets=400), bombs),
        "far cells": (
            "a.xlsx", xlsx('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>' * 20_000),
            HARMLESS | bombs,
        ),
        "huge row number": ("a.xlsx", xlsx(f'<row r="{"9" * 5_000}"><c><v>1</v></c></row>'), HARMLESS | unread),
        "pdf page loop": ("a.pdf", kids_loop, unread | HARMLESS),
        "pdf parent loop": ("a.pdf", pdf().replace(b"/Parent 2 0 R", b"/Parent 3 0 R"), unread | HARMLESS),
        "pdf length loop": (
            "a.pdf",
            pdf("", ("<</Length 4 0 R>>stream\nx\nendstream",)).replace(b"/MediaBox", b"/Contents 4 0 R/MediaBox"),
            unread | HARMLESS,
        ),
        "pdf table loop": (
            "a.pdf",
            pdf().replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev " + str(pdf().rindex(b"xref\n0")).encode()),
            unread | HARMLESS,
        ),
        "pdf million pages": ("a.pdf", pdf().replace(b"/Count 1>>", b"/Count 1000000>>"), bombs | unread | HARMLESS),
        "pdf deep arrays": ("a.pdf", pdf("/X" + "[" * 100_000 + "]" * 100_000), unread | HARMLESS),
        "pdf stream bomb": ("a.pdf", stream_bomb(), bombs | unread),
        "pdf form loop": (
            "a.pdf",
            pdf(
                "",
                (
                    "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 4 0 R>>>>/Length 5>>stream\n"
                    "/F Do\nendstream",
                    "<</Length 5>>stream\n/F Do\nendstream",
                ),
            ).replace(b"/MediaBox", b"/Resources<</XObject<</F 4 0 R>>>>/Contents 5 0 R/MediaBox"),
            unread | HARMLESS,
        ),
        "sixteen-bit flood": ("a.docx", docx({"word/media/image1.png": interlaced_flood()}), bombs | HARMLESS),
        "long line": ("a.txt", ("泵" * 6_000_000).encode(), HARMLESS | bombs | {"document.size"}),
        "wide json": ("a.json", b"[" + b"1," * 4_500_000 + b"1]", {"document.size"}),
    }  # fmt: skip

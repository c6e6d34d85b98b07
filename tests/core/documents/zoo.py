"""The bomb zoo: small hostile documents, each with the refusal it must meet (PROOF R23, short form)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
BODY = f"<w:document {W}><w:body><w:p><w:r><w:t>基坑降水采用管井。</w:t></w:r></w:p></w:body></w:document>"


def docx(
    parts: dict[str, bytes | str] | None = None, *, body: bytes | str = BODY, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Give a minimal docx with extra parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as container:
        container.writestr("[Content_Types].xml", TYPES)
        container.writestr("word/document.xml", body)
        for name, data in (parts or {}).items():
            container.writestr(name, data)
    return stream.getvalue()


def with_entry(change: Callable[[zipfile.ZipInfo], None], data: bytes = b"x") -> bytes:
    """Give a docx with one more entry, changed before it is written."""
    stream = io.BytesIO(docx())
    with zipfile.ZipFile(stream, "a") as container:
        info = zipfile.ZipInfo("word/extra.bin")
        change(info)
        container.writestr(info, data)
    return stream.getvalue()


def renamed(name: str) -> bytes:
    """Give a docx whose extra entry carries this name on disk, even one `zipfile` would clean."""
    placeholder = "Q" * len(name.encode())
    return docx({placeholder: b"x"}).replace(placeholder.encode(), name.encode())


def overlapping() -> bytes:
    """Many directory entries over one compressed kernel (after Fifield 2019, "A better zip bomb")."""
    data = bytearray(docx({"word/a.xml": b"a" * 1000}))
    start = data.rindex(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    entry = bytes(data[start:end])
    copies = [entry.replace(b"word/a.xml", b"word/%c.xml" % letter) for letter in range(ord("b"), ord("z"))]
    total = int.from_bytes(data[end + 10 : end + 12], "little") + len(copies)
    size = int.from_bytes(data[end + 12 : end + 16], "little") + sum(map(len, copies))
    tail = bytearray(data[end:])
    tail[8:12] = struct.pack("<HH", total, total)
    tail[12:16] = struct.pack("<I", size)
    return bytes(data[:end]) + b"".join(copies) + bytes(tail)


def encrypted() -> bytes:
    """A docx whose directory says an entry is encrypted."""
    data = bytearray(docx())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def understated() -> bytes:
    """The directory announces 10 bytes; the stream inflates to a megabyte."""
    data = bytearray(docx(body=BODY.replace("。", "。" + "泵" * 300_000), method=zipfile.ZIP_DEFLATED))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(data)


def laughs() -> str:
    """Billion laughs."""
    lines = ['<!ENTITY a0 "哈">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f"<!DOCTYPE w [{''.join(lines)}]>" + BODY.replace("管井", "&a9;")


def external() -> str:
    """An external entity that would read a local file."""
    return '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + BODY.replace("管井", "&x;")


def flood(edge: int = 60_000) -> bytes:
    """A valid little PNG header for edge × edge pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def pdf(catalogue: str = "", objects: tuple[str, ...] = ()) -> bytes:
    """Give a one-page PDF with extra catalogue entries and objects (numbered from 4)."""
    bodies = [
        f"<</Type/Catalog/Pages 2 0 R{catalogue}>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
        *objects,
    ]
    out = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = len(out)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    return out + f"trailer<</Size {len(bodies) + 1}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n".encode()


def many_nodes() -> bytes:
    """40 MB of XML nodes, compressed just under the ratio limit by stored noise: a memory bomb in a small coat."""
    noise = "".join(f"<w:p w:n='{n * 2654435761 % 4294967296:08x}'/>" for n in range(40_000))
    return docx(body=f"<w:document {W}><w:body>{noise * 40}</w:body></w:document>")


def animals() -> dict[str, tuple[str, bytes, set[str]]]:
    """Give every animal: label → (file name, bytes, codes that name it)."""
    good_pdf = pdf()
    picture = {"word/media/image1.png": flood()}
    return {
        "ratio": ("a.docx", docx({"word/big.xml": b"\0" * 20_000_000}), {"document.bomb"}),
        "overlap": ("a.docx", overlapping(), {"document.bomb"}),
        "entries": ("a.docx", docx({f"word/x{n}": b"" for n in range(2_100)}), {"document.bomb"}),
        "understated size": ("a.docx", understated(), {"document.bomb", "document.unreadable"}),
        "memory": ("a.docx", many_nodes(), {"document.bomb", "document.memory", "document.unreadable"}),
        "billion laughs": ("a.docx", docx(body=laughs()), {"document.doctype"}),
        "external entity": ("a.docx", docx(body=external()), {"document.doctype"}),
        "utf-16 doctype": (
            "a.docx",
            docx(body=('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE w>' + BODY).encode("utf-16")),
            {"document.doctype"},
        ),
        "core doctype": ("a.docx", docx({"docProps/core.xml": "<!DOCTYPE c []><c/>"}), {"document.doctype"}),
        "path upwards": ("a.docx", docx({"../../evil": b"x"}), {"document.names"}),
        "absolute path": ("a.docx", docx({"/etc/evil": b"x"}), {"document.names"}),
        "backslash": ("a.docx", renamed("word\\..\\x"), {"document.names"}),
        "nul name": ("a.docx", renamed("word/a\0.xml"), {"document.names"}),
        "right-to-left name": ("a.docx", renamed("word/a\u202elmx"), {"document.names"}),
        "symlink entry": (
            "a.docx",
            with_entry(lambda info: setattr(info, "external_attr", 0o120777 << 16), b"/etc/passwd"),
            {"document.link"},
        ),
        "encrypted": ("a.docx", encrypted(), {"document.encrypted"}),
        "lzma": ("a.docx", docx(method=zipfile.ZIP_LZMA), {"document.unreadable"}),
        "macro part": ("a.docx", docx({"word/vbaProject.bin": b"\xd0\xcf"}), {"document.macro"}),
        "macro type": (
            "a.docm",
            _macro_type(),
            {"document.macro"},
        ),
        "ole embedding": ("a.docx", docx({"word/embeddings/oleObject1.bin": b"\xd0\xcf"}), {"document.embedded"}),
        "activex": ("a.docx", docx({"word/activeX/activeX1.xml": "<a/>"}), {"document.macro"}),
        "old word": ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, {"document.kind"}),
        "plain zip": ("a.zip", _plain_zip(), {"document.kind"}),
        "pixel flood": ("a.docx", docx(picture), {"document.pixels"}),
        "pixel crowd": ("a.docx", docx({"word/media/image1.png": flood(8_000)}), {"document.pixels"}),
        "pdf pixel flood": ("a.pdf", _pdf_flood(), {"document.pixels"}),
        "pdf script": ("a.pdf", pdf("/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"), {"document.active"}),
        "pdf escaped script": (
            "a.pdf",
            pdf("/Names<</JavaScript<</Names[(a)<</S/JavaScrip#74/J#53(1)>>]>>>>"),
            {"document.active"},
        ),
        "pdf script in object stream": ("a.pdf", _pdf_object_stream(), {"document.active"}),
        "pdf launch": ("a.pdf", pdf("/OpenAction<</S/Launch/F(calc.exe)>>"), {"document.active"}),
        "pdf attachment": (
            "a.pdf",
            pdf(
                "/Names<</EmbeddedFiles<</Names[(a)4 0 R]>>>>",
                ("<</Type/Filespec/F(a)/EF<</F 5 0 R>>>>", "<</Length 0>>stream\n\nendstream"),
            ),
            {"document.embedded"},
        ),
        "deep xml": ("a.docx", docx(body="<a>" * 5000 + "</a>" * 5000), {"document.unreadable"}),
        "torn xml": ("a.docx", docx(body=BODY[:-20]), {"document.unreadable"}),
        "half docx": ("a.docx", docx()[: len(docx()) // 2], {"document.unreadable"}),
        "half pdf": ("a.pdf", good_pdf[:60], {"document.unreadable"}),
        "empty docx": ("a.docx", b"", {"document.unreadable"}),
        "empty pdf": ("a.pdf", b"", {"document.unreadable"}),
        "deep json": ("a.json", b"[" * 200_000, {"document.unreadable"}),
        "torn json": ("a.json", b'{"a":', {"document.unreadable"}),
        "binary text": ("a.txt", bytes(range(256)) * 10, {"document.unreadable"}),
        "program": ("a.exe", b"MZ" + b"\0" * 100, {"document.kind"}),
    }


def _macro_type() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as container:
        kind = "application/vnd.ms-word.document.macroEnabled.main+xml"
        container.writestr("[Content_Types].xml", TYPES.replace("/>", f'><Override ContentType="{kind}"/></Types>'))
        container.writestr("word/document.xml", BODY)
    return stream.getvalue()


def _plain_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as container:
        container.writestr("readme.txt", "x")
    return stream.getvalue()


def _pdf_object_stream() -> bytes:
    packed = zlib.compress(b"9 0 <</S/JavaScript/JS(app.alert\\(1\\))>>")
    head = f"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length {len(packed)}>>stream\n".encode()
    return pdf("", ("@",)).replace(b"@", head + packed + b"\nendstream")


def _pdf_flood() -> bytes:
    page = "/Resources<</XObject<</I 4 0 R>>>>/Contents 5 0 R"
    image = "<</Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceGray/Length 1>>"
    image += "stream\nx\nendstream"
    draw = "100 0 0 100 0 0 cm /I Do"
    data = pdf("", (image, f"<</Length {len(draw)}>>stream\n{draw}\nendstream"))
    # The offsets after the page object move; PDFium rebuilds the table by scanning.
    return data.replace(b"/MediaBox[0 0 200 200]", b"/MediaBox[0 0 200 200]" + page.encode())


def write(folder: Path) -> list[tuple[str, Path, set[str]]]:
    """Write the zoo into a folder."""
    cages = []
    for number, (label, (name, data, codes)) in enumerate(animals().items()):
        cage = folder / str(number)
        cage.mkdir()
        (cage / name).write_bytes(data)
        cages.append((label, cage / name, codes))
    return cages

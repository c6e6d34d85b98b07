"""A copy of a document without its properties: authors, firms, programs, instants; made in the limited process.

The pages are kept as they are: what is written on them nobody takes off.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

from core.documents.apart import run_apart
from core.errors import Invalid

CLEANED = (".pdf", ".docx")
"""Endings of the documents that can be cleaned."""
MAX_BYTES = 200 * 1024 * 1024
MEMORY_BYTES = 2 * 1024 * 1024 * 1024
_DROPPED = frozenset({"/Metadata", "/PieceInfo", "/Thumb", "/LastModified", "/SpiderInfo", "/ID", "/AF", "/AA"})
"""Keys of a PDF's dictionaries that tell of programs, instants, people or attached files."""
_PARTS = ("/extended-properties", "/custom-properties", "/thumbnail", "/people", "/customXml", "/core-properties")
"""Ends of the types of a .docx's relationships whose parts are left out."""
_PEOPLE = frozenset({"author", "initials", "userId", "providerId", "lastModifiedBy"})


def clean_document(path: Path, name: str, into: Path) -> None:
    """Write the document at `path`, called `name`, to the new file `into` without its properties.

    Raises Invalid("document.kind") for an ending other than CLEANED, or what `ask_apart` raises where the document
    cannot be read; `into` may then be left behind, incomplete.
    """
    ending = Path(name).suffix.lower()
    if ending not in CLEANED:
        raise Invalid("document.kind", field=name, kind=ending)
    with path.open("rb") as source, into.open("xb") as answer:
        run_apart("core.documents.cleaning", ending, source, answer, label=name)


def main(ending: str) -> int:
    """Clean the document on standard input to standard output; exit 3 where it cannot be read."""
    from core.documents.extraction.__main__ import bind_hands

    bind_hands(memory=MEMORY_BYTES, answer=MAX_BYTES)
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        if len(data) > MAX_BYTES:
            return 3
        cleaned = cleaned_pdf(data) if ending == ".pdf" else cleaned_docx(data)
    except Exception:  # a parser may fail in any way on hostile input
        return 3
    view = memoryview(cleaned)
    while view:
        view = view[os.write(1, view) :]
    return 0


def cleaned_pdf(data: bytes) -> bytes:
    """The pages in a new document: no properties, attachments, outlines, forms, notes or signatures of the old one."""
    import pypdfium2
    from pypdfium2 import raw

    old = pypdfium2.PdfDocument(data)
    new = pypdfium2.PdfDocument.new()
    new.import_pages(old)
    for number in range(len(new)):
        page = new[number]
        # Notes and signatures bear their author's name; the last first, for the others move up.
        for place in range(raw.FPDFPage_GetAnnotCount(page) - 1, -1, -1):
            if not raw.FPDFPage_RemoveAnnot(page, place):
                raise ValueError("annotation")
        page.close()
    out = io.BytesIO()
    new.save(out)
    return _without_keys(out.getvalue())


def _without_keys(data: bytes) -> bytes:
    """The same PDF without the keys of `_DROPPED` anywhere and without a dictionary of properties."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    writer: Any = copy_into_new_writer(PdfFileReader(io.BytesIO(data), strict=False))
    for kept in list(writer.objects.values()):
        _strip(kept, generic, 0)
    writer._info = None
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _strip(value: Any, generic: Any, depth: int) -> None:
    if depth > 200:
        raise ValueError("depth")
    if isinstance(value, generic.DictionaryObject):
        for key in list(value.keys()):
            if str(key) in _DROPPED:
                del value[key]
            else:
                _strip(value.raw_get(key), generic, depth + 1)
    elif isinstance(value, generic.ArrayObject):
        for place in range(len(value)):
            _strip(value.raw_get(place), generic, depth + 1)


def cleaned_docx(data: bytes) -> bytes:
    """The document with empty core properties, without other property parts, and no author at any change or note."""
    import docx

    document: Any = docx.Document(io.BytesIO(data))
    package = document.part.package
    _leave_out(package.rels)
    seen: set[Any] = set()
    for part in [document.part, *package.iter_parts()]:
        if part in seen:
            continue
        seen.add(part)
        _leave_out(part.rels)
        for known, one in list(part.rels.items()):
            # A template is named with its path, and that with its user's name.
            if one.is_external and one.reltype.endswith("/attachedTemplate"):
                del part.rels[known]
                _settings_without(part, known)
    for part in seen:
        _without_people(part)
    core = package.core_properties  # a fresh part with the defaults of the library
    core.author = core.last_modified_by = core.title = core.comments = core.subject = core.keywords = ""
    core.category = core.content_status = core.identifier = core.language = core.version = ""
    element = core._element
    for child in list(element):
        element.remove(child)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _leave_out(relations: Any) -> None:
    for known, one in list(relations.items()):
        if one.reltype.endswith(_PARTS):
            del relations[known]


def _element_of(part: Any) -> Any:
    """The part's XML as a tree; None where it is none."""
    from lxml import etree

    held = getattr(part, "_element", None)
    if held is not None:
        return held
    if not str(part.content_type).endswith("xml") or not part.blob:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return etree.fromstring(part.blob, parser)


def _without_people(part: Any) -> None:
    from lxml import etree

    tree = _element_of(part)
    if tree is None:
        return
    for element in tree.iter():
        for name in list(element.attrib):
            if str(name).rpartition("}")[2] in _PEOPLE:
                element.set(name, "")
    if getattr(part, "_element", None) is None:
        part._blob = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)


def _settings_without(part: Any, known: str) -> None:
    """The settings without their line that names the template's relation."""
    tree = _element_of(part)
    for element in list(tree.iter()) if tree is not None else []:
        if known in element.attrib.values() and element.getparent() is not None:
            element.getparent().remove(element)


if __name__ == "__main__":
    os._exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))

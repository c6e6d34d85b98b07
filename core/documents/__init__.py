"""Reading documents of strangers apart: text with its places, sheets, pictures, marks; hostile ones refused by name."""

from core.documents.apart import extract
from core.documents.document import Document, Line, Marks, Paragraph, Picture, Place, Sheet, decode, encode

__all__ = ["Document", "Line", "Marks", "Paragraph", "Picture", "Place", "Sheet", "decode", "encode", "extract"]

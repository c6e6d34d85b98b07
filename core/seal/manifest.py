"""The manifest: the first member of every archive, saying whose envelope it is and which files must follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import Invalid
from core.seal.ladder import LARGEST
from core.seal.names import check_name, check_slot, name_key
from core.seal.notation import Checker, Json, has_keys, is_count, is_hex, read_canonical
from core.seal.submission import Expected

TYPE = "sunbid-manifest/v1"
MAX_FILES = 1000
MAX_MANIFEST = 1 << 20  # 1000 entries with the longest names take about two thirds of it

_KEYS = ("type", "section", "policy_digest", "handle", "envelope", "nonce", "files")


@dataclass(frozen=True)
class Entry:
    """One file of an envelope: its place (slot, name), its size in bytes, its hex SHA-256."""

    slot: str
    name: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        """The member's path in the archive, and the file's below the folder it is unpacked to."""
        return f"files/{self.slot}/{self.name}"


def check_entries(names: list[tuple[str, str, int]]) -> None:
    """Refuse (slot, name, size) lists that no machine should unpack: bad or clashing names, empty or too many files."""
    if len(names) > MAX_FILES:
        raise Invalid("seal.too_many_files", count=len(names), limit=MAX_FILES)
    seen = set()
    for slot, name, size in names:
        check_slot(slot)
        check_name(name)
        if size < 1:
            raise Invalid("seal.file_empty", field="files", name=name)
        if size > LARGEST:
            raise Invalid("seal.archive_too_large", size=size, limit=LARGEST)
        key = (slot, name_key(name))
        if key in seen:
            raise Invalid("seal.name_duplicate", field="files", name=name)
        seen.add(key)


def manifest(bound: Mapping[str, str], nonce: bytes, entries: list[Entry]) -> Json:
    """The manifest object; `bound` holds section, policy_digest, handle and envelope."""
    files = [{"slot": e.slot, "name": e.name, "size": e.size, "sha256": e.sha256} for e in entries]
    return {"type": TYPE, **bound, "nonce": nonce.hex(), "files": files}


def read_manifest(data: bytes, expected: Expected) -> tuple[Json, list[Entry]]:
    """The manifest and its entries, if they are well-formed and belong to the expected submission and envelope.

    Raises seal.manifest_invalid (place), seal.wrong_section, seal.wrong_policy, seal.wrong_handle, seal.wrong_envelope
    and the refusals of `check_entries`.
    """
    check = Checker("seal.manifest_invalid")
    try:
        found = read_canonical(data, MAX_MANIFEST)
    except Invalid:
        check.fail("json")
    check.need(has_keys(found, _KEYS) and found["type"] == TYPE, "type")
    check.need(is_hex(found["nonce"], 32), "nonce")
    for key, code in (
        ("section", "seal.wrong_section"),
        ("policy_digest", "seal.wrong_policy"),
        ("handle", "seal.wrong_handle"),
        ("envelope", "seal.wrong_envelope"),
    ):
        if found[key] != getattr(expected, key):
            raise Invalid(code, field=key, expected=getattr(expected, key), given=str(found[key])[:80])
    return found, _entries(found["files"], check)


def _entries(files: Any, check: Checker) -> list[Entry]:
    check.need(isinstance(files, list), "files")
    entries = []
    for place, item in enumerate(files):
        check.need(has_keys(item, ("slot", "name", "size", "sha256")), f"files.{place}")
        check.need(isinstance(item["slot"], str) and isinstance(item["name"], str), f"files.{place}")
        check.need(is_count(item["size"], 0, 1 << 53) and is_hex(item["sha256"], 32), f"files.{place}")
        entries.append(Entry(item["slot"], item["name"], item["size"], item["sha256"]))
    check_entries([(entry.slot, entry.name, entry.size) for entry in entries])
    return entries

"""Bringing an extract of the registry of enterprises in: whose shares and whose responsible person stand where."""

from __future__ import annotations

import hashlib

from collusion import queries
from collusion.models import RegistryEntry
from collusion.rules.registry_file import read_registry
from core.act import Act
from core.ledger.log import append


def import_registry(act: Act, raw: bytes, *, as_of: str, source: str) -> int:
    """Take an extract in, all of it or nothing; a company of it replaces what was known. Returns how many."""
    entries = read_registry(raw)
    for entry in entries:
        held = queries.registry_entry(act.session, entry.identifier)
        if held is None:
            held = RegistryEntry(identifier=entry.identifier)
            act.session.add(held)
        held.name, held.content, held.as_of, held.source = entry.name, entry.content, as_of, source
        held.imported_at = act.now
    act.session.flush()
    facts = {"companies": len(entries), "as_of": as_of, "source": source, "sha256": hashlib.sha256(raw).hexdigest()}
    append(act, "registry.import", "registry", facts)
    return len(entries)

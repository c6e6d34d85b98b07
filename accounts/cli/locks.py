"""The locks in a machine's USB sockets: their makers are known, their serial numbers read where the system tells."""

from __future__ import annotations

from pathlib import Path

LOCKS = frozenset({"04b9", "0529", "064f", "096e", "1bc0"})
"""USB makers of software locks and signing keys: Rainbow, Aladdin, WIBU, Feitian, Senseshield."""
USB = Path("/sys/bus/usb/devices")
MOST_LOCKS = 8


def locks(usb: Path | None = None) -> list[str]:
    """The serial numbers of the locks (加密锁) that stand in the machine's USB sockets."""
    found = []
    for socket in sorted((usb or USB).glob("*")):
        serial = first_of(socket, "serial") if first_of(socket, "idVendor").lower() in LOCKS else ""
        if serial and serial.isprintable() and serial not in found:
            found.append(serial)
    return found


def first_of(folder: Path, pattern: str) -> str:
    """The first file that matches, as far as it can be read, in one line; empty where there is none."""
    for path in sorted(folder.glob(pattern)):
        try:
            return path.read_text(encoding="ascii", errors="replace").strip()[:80]
        except OSError:
            continue
    return ""

"""Uploading a file in parts (tus 1.0), for key holders' decoys and bidders' backups."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from accounts.cli import Connection, checked

PART = 4 * 1024 * 1024


def upload_file(connection: Connection, file: Path) -> str:
    """Upload one file in parts; its SHA-256, by which the platform holds it."""
    with file.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        content.seek(0)
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(file.stat().st_size),
            "Upload-Metadata": f"sha256 {base64.b64encode(sha256.encode()).decode('ascii')}",
        }
        place = checked(connection.post("/files", headers=headers)).headers["Location"]
        offset = 0
        while part := content.read(PART):
            headers = {
                "Tus-Resumable": "1.0.0",
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
            }
            checked(connection.patch(place, data=part, headers=headers))
            offset += len(part)
    return sha256

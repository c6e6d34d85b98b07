"""`python -m core.render.checking`: judge a PDF from outside in a process of its own, with little memory and time."""

from __future__ import annotations

import base64
import json
import resource
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import Invalid
from core.ledger.notes import Verifier
from core.render.signing import MOST_PDF, PaperSignature, PaperVerdict, check_pdf

MEMORY = 1 << 30
SECONDS = 20


def judge_apart(
    pdf: bytes, *, key: Verifier, authorities: Iterable[str] = (), stamp_roots: Iterable[x509.Certificate] = ()
) -> PaperVerdict:
    """The verdict of `check_pdf` on a stranger's file; Invalid("paper.unreadable") where the child gives none."""
    if len(pdf) > MOST_PDF:
        raise Invalid("paper.unreadable", reason="size")
    asked = {
        "key": str(key),
        "authorities": list(authorities),
        "roots": [root.public_bytes(Encoding.PEM).decode() for root in stamp_roots],
    }
    try:
        child = subprocess.run(
            [sys.executable, "-m", "core.render.checking", json.dumps(asked)],
            input=pdf,
            capture_output=True,
            timeout=SECONDS * 2,
        )
        told = json.loads(child.stdout)
    except (ValueError, OSError, subprocess.TimeoutExpired):
        raise Invalid("paper.unreadable", reason="limits") from None
    if "refused" in told:
        raise Invalid("paper.unreadable", reason=str(told["refused"]))
    return PaperVerdict(
        told["sha256"],
        [PaperSignature(**signature) for signature in told["signatures"]],
        {name: base64.b64decode(content) for name, content in told["attachments"].items()},
    )


def main() -> None:
    """Read the question from the arguments and the PDF from stdin; print the verdict as JSON."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    try:
        verdict = check_pdf(
            sys.stdin.buffer.read(MOST_PDF + 1),
            key=Verifier.parse(asked["key"]),
            authorities=[x509.load_pem_x509_certificate(pem.encode()) for pem in asked["authorities"]],
            stamp_roots=[x509.load_pem_x509_certificate(pem.encode()) for pem in asked["roots"]],
        )
    except Invalid as refusal:
        sys.stdout.write(json.dumps({"refused": refusal.facts.get("reason", refusal.code)}))
        return
    told = asdict(verdict)
    told["attachments"] = {name: base64.b64encode(content).decode() for name, content in verdict.attachments.items()}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()

"""The demo's papers for whoever only reads them: written once a run, whatever the number of workers."""

from __future__ import annotations

import fcntl
import os
import pickle
from typing import Any

import pytest

from portal.cli.demo.papers import Papers, write_papers


def written(factory: pytest.TempPathFactory, name: str = "papers", **options: Any) -> Papers:
    """The papers of these options (none: the default seed and dates); nobody may change them."""
    root = factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    told = root / f"demo-{name}.pickle"
    with (root / f"demo-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            told.write_bytes(pickle.dumps(write_papers(root / f"demo-{name}", **options)))
    held: Papers = pickle.loads(told.read_bytes())
    return held

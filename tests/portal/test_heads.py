"""The heads' pages: cosignatures and tokens shown, one log proved the beginning of another, by page and by script."""

from __future__ import annotations

import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from core.act import SYSTEM, Platform
from core.ledger import log, vouching
from core.ledger.cosignatures import Witness
from core.trust import Trust
from portal.heads import SCRIPT, recomputed
from tests.conftest import Browser

WITNESS = Witness("w.test", b"\x0b" * 32)


@pytest.fixture
def grown(platform: Platform) -> Platform:
    """Nine heads, the seventh cosigned."""
    platform.trust = Trust(observers=(WITNESS.cosigner,))
    for number in range(9):
        with platform.act(SYSTEM) as act:
            log.append(act, "test.entry", "section:T-1", {"n": number})
            head = log.signed_head(act)
            if head.size == 7:
                vouching.keep_cosignature(act, head.note + WITNESS.cosign(vouching.body_of(head.note), act.now))
    return platform


def test_heads_show_who_vouches_for_them(client: Browser, grown: Platform) -> None:
    page = client.get("/ledger/heads").get_data(as_text=True)
    assert "w.test" in page and str(WITNESS.cosigner) in page
    told = client.get("/ledger/heads", headers={"Accept": "application/json"}).json["heads"]
    assert [head["size"] for head in told] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert [head["size"] for head in told if head["witnesses"]] == [7]
    feed = ElementTree.fromstring(client.get("/ledger/heads.atom").data)
    assert len(feed.findall("{http://www.w3.org/2005/Atom}entry")) == 9


def test_every_pair_of_heads_is_recomputed_on_the_page_and_ends_in_both_roots(client: Browser, grown: Platform) -> None:
    with grown.reading() as session:
        for new in range(1, 10):
            for old in range(1, new):
                roots = log.root_at(session, old), log.root_at(session, new)
                lines = recomputed(old, new, roots[0], [bytes.fromhex(s) for s in log.consistency(session, old, new)])
                assert (lines[-1]["old"], lines[-1]["new"]) == (roots[0].hex(), roots[1].hex())
    page = client.get("/ledger/compare?old=5&new=9").get_data(as_text=True)
    assert "只增未改" in page and "不成立" not in page
    assert client.get("/ledger/compare?old=9&new=50").status_code == 404
    assert client.get("/ledger/compare").status_code == 422


def test_a_script_of_the_standard_library_checks_it_too(app: Flask, grown: Platform) -> None:
    server = make_server("127.0.0.1", 0, app)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    done = subprocess.run([sys.executable, str(SCRIPT), address, "5", "9"], capture_output=True, text=True, timeout=60)
    server.shutdown()
    assert done.returncode == 0 and "unchanged" in done.stdout, done.stderr
    assert len(Path(SCRIPT).read_text().splitlines()) <= 45

"""What the server does for sealing in the page: the form, the receipt's code, the fingerprints of what it serves."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

from accounts.rules import Role
from core.fingerprints import module_graph, served_code
from core.seal import Sealed
from tests.bidding.stage import Stage
from tests.conftest import Browser

STATIC = Path(__file__).resolve().parents[2] / "static"


def test_the_published_fingerprints_are_those_of_what_is_served(client: Browser) -> None:
    """Every script of sealing and the vendored libraries, byte for byte. Seen red: a file left out of the list."""
    listed = client.get("/seal/code", headers={"Accept": "application/json"}).get_json()
    paths = {file["path"] for file in listed}
    wanted = [STATIC / "sunbid.js", *(STATIC / "seal").rglob("*.js"), *(STATIC / "vendor").glob("*.js")]
    assert paths == {f"/static/{path.relative_to(STATIC).as_posix()}" for path in wanted}
    for file in listed:
        content = client.get(file["path"]).data
        assert len(content) == file["size"]
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode() == file["sha384"]
    page = client.get("/seal/code", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert all(file["sha256"] in page for file in listed)


def test_the_page_loads_its_programs_by_fingerprint(stage: Stage, login: Callable[..., Browser]) -> None:
    """The script has its SRI hash, the import map that of every module it brings. Seen red: one left out."""
    page = login(Role.BIDDER).get(f"/bid/{stage.code}/submit").get_data(as_text=True)
    found = re.search(r'<script type="importmap"[^>]*>(.*?)</script>', page)
    assert found is not None
    integrity = json.loads(found[1])["integrity"]
    served = {file.path: file for file in served_code(STATIC)}
    assert integrity == {path: served[path].sha384 for path in integrity}
    assert set(integrity) == {file.path for file in module_graph(list(served.values()), "/static/seal/page.js")}
    assert {"/static/seal/page.js", "/static/seal/slots.js", "/static/vendor/noble.js"} <= set(integrity)
    assert f'src="/static/seal/page.js" integrity="{served["/static/seal/page.js"].sha384}"' in page


def test_only_bidders_come_to_the_sealing_page(stage: Stage, login: Callable[..., Browser]) -> None:
    """Seen red: with @public."""
    assert login(Role.TENDEREE).get(f"/bid/{stage.code}/submit").status_code == 403
    assert login(Role.BIDDER).get(f"/bid/{stage.code}/submit").status_code == 200


def test_the_receipts_code_leads_to_what_is_held(stage: Stage, sealed: Sealed, client: Browser) -> None:
    """An SVG for a handle that holds something, nothing for another. Seen red: drawn for any handle."""
    handle = sealed.submission["handle"]
    path = f"/sections/{stage.code}/submissions/{handle}/code.svg"
    assert client.get(path).status_code == 404
    stage.commit(sealed)
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.data.startswith(b'<svg xmlns="http://www.w3.org/2000/svg"')
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get(path.replace(handle[:8], "00000000")).status_code == 404


def test_only_the_workers_without_keys_may_compile(stage: Stage, login: Callable[..., Browser]) -> None:
    """WebAssembly is open to the two workers that hash and seal bytes and hold no key. Seen red: opened for all."""
    bidder = login(Role.BIDDER)
    policies = {
        path: bidder.get(path).headers["Content-Security-Policy"]
        for path in (
            "/static/seal/hash.worker.js",
            "/static/seal/bulk.worker.js",
            "/static/seal/worker.js",
            "/static/seal/page.js",
            f"/bid/{stage.code}/submit",
        )
    }
    assert [path for path, policy in policies.items() if "wasm-unsafe-eval" in policy] == [
        "/static/seal/hash.worker.js",
        "/static/seal/bulk.worker.js",
    ]
    assert not any("'unsafe-eval'" in policy or "'unsafe-inline'" in policy for policy in policies.values())

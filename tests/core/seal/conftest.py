"""Fixtures shared by the sealing tests: the scene, and its bid sealed once."""

from __future__ import annotations

import hashlib

import pytest

from core import seal as sealing
from core.seal import Enclosure, Expected, Sealed
from tests.core.seal.scene import Scene, make_bidder, make_chance, make_facts, make_policy


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Three trustees, a policy of four envelopes, a bidder, files with Chinese names (one beyond 100 bytes)."""
    trustees = {role: sealing.new_identity() for role in ("tenderee", "officer", "supervisor")}
    folder = tmp_path_factory.mktemp("files")

    def file(slot: str, name: str, content: bytes) -> Enclosure:
        path = folder / f"{slot}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        path.write_bytes(content)
        return Enclosure(slot, path, name)

    long_name = "关于城东污水处理厂二期扩建工程施工组织设计及关键工序专项方案说明书附图集(第三册).pdf"
    assert len(long_name.encode()) > 100
    envelopes = {
        "schedule": [file("schedule", "开标一览表.json", b'{"price_fen": 8765432100}')],
        "qualification": [file("licence", "营业执照.pdf", b"%PDF licence" * 9), file("record", "业绩.pdf", b"x" * 512)],
        "technical": [file("plan", long_name, make_chance("plan")(200_000)), file("plan", "a b.docx", b"PK")],
        "price": [file("bill", "工程量清单.xlsx", make_chance("bill")(70_000))],
    }
    return Scene(trustees, make_policy(trustees), make_bidder("甲"), make_facts(), envelopes)


@pytest.fixture(scope="session")
def sealed(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """The scene's bid, sealed once for all tests that only read it."""
    return scene.seal(tmp_path_factory.mktemp("sealed") / "bid")


@pytest.fixture(scope="session")
def price(sealed: Sealed) -> Expected:
    """What the price envelope must be."""
    return sealing.expected(sealed.submission, "price")

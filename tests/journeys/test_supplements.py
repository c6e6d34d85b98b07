"""A supplement to a closed file: asked by one, approved by another, a layer over bytes that never change."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from click.testing import CliRunner

from accounts.rules import Role
from awards.rules.renewal import check_renewals
from awards.rules.verdict import verify_layers
from core.act import Platform
from core.clock import StoppedClock
from core.errors import Invalid
from core.timestamps import Authority
from core.trust import Trust
from portal.cli.tick import tick
from portal.cli.tsa import SmallTimestampAuthority, serving
from portal.cli.verify import verify
from tests.conftest import Browser
from tests.journeys.test_outcomes import to_report
from verifier.claims_renewals import renewals as their_renewals

pytestmark = pytest.mark.slow


def test_a_supplement_is_a_layer_that_a_second_person_approved(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser]
) -> None:
    """R-560. Nothing without a second person; the file stays; a swapped, touched or skipped layer is named by both."""
    stage = to_report(platform, tmp_path / "machines", "G")
    stage.awarded()
    archive = stage.archived()
    page = f"/sections/{stage.code}/supplements"
    officer, supervisor = login(Role.OFFICER), login(Role.SUPERVISOR)

    def ask(text: bytes, expected: int = 303, **fields: str) -> str:
        form = {"item": "contract", "reason": "合同已签订", "files": (io.BytesIO(text), "合同.pdf"), **fields}
        answer = officer.post(page, data=form, content_type="multipart/form-data")
        assert answer.status_code == expected, answer.text
        return answer.text

    assert "请写明理由" in ask(b"%PDF-1.4 one", 422, reason=" ")
    ask(b"%PDF-1.4 one")
    assert "已有一项补充等待批准" in ask(b"%PDF-1.4 two", 422)
    assert officer.post(f"{page}/1/approve").status_code == 403
    assert officer.get(f"{page}/1.tar").status_code == 404
    assert supervisor.post(f"{page}/1/refuse", data={"reason": "缺少签章页"}).status_code == 303
    ask(b"%PDF-1.4 one")
    assert supervisor.post(f"{page}/2/approve").status_code == 303
    ask(b"%PDF-1.4 two")
    assert supervisor.post(f"{page}/3/approve").status_code == 303
    layers = [officer.get(f"{page}/{attempt}.tar").data for attempt in (2, 3)]
    assert "下载本层" in officer.get(page).text
    assert login(Role.OFFICER).get(f"/sections/{stage.code}/archive.tar").data == archive

    def wrong(*held: bytes) -> list[list[bool]]:
        ours = [line.holds for line in verify_layers(io.BytesIO(archive), [io.BytesIO(raw) for raw in held])]
        files = []
        for place, raw in enumerate((archive, *held)):
            files.append(tmp_path / f"{place}.tar")
            files[-1].write_bytes(raw)
        words = [sys.executable, "-m", "verifier", str(files[0])]
        words += [word for file in files[1:] for word in ("--layer", str(file))]
        said = subprocess.run(words, capture_output=True, text=True, timeout=120).stdout.splitlines()
        return [ours, [line.startswith("✓") for line in said if "层补充" in line]]

    assert wrong(*layers[::-1]) == [[False, False], [False, False]]
    assert wrong(layers[1]) == [[False], [False]]
    touched = layers[0].replace(b"%PDF-1.4 one", b"%PDF-1.4 won")
    assert wrong(touched) == [[False], [False]]
    assert wrong(*layers) == [[True, True], [True, True]]
    assert hashlib.sha256(archive).hexdigest() in layers[0].decode("latin-1")
    renewed(platform, stage.code, tmp_path, lambda: login(Role.OFFICER))


def renewed(platform: Platform, code: str, tmp_path: Path, officer: Callable[[], Browser]) -> None:
    """R-560. Due at once and again in three years, by the tick; both verifiers find a chain that skips a token."""
    clock = platform.clock
    assert isinstance(clock, StoppedClock)
    small = SmallTimestampAuthority.create("renewals.test", at=clock.now())
    with serving(small, clock.now) as address:
        platform.trust = Trust(authority=Authority(address, (small.root,), timeout=5, tries=1))
        assert f"renew archive {code}" in tick(platform)
        assert f"renew archive {code}" not in tick(platform)
        clock.move_to(clock.now() + timedelta(days=1096))
        assert f"renew archive {code}" in tick(platform)
    told = json.loads(officer().get(f"/sections/{code}/renewals.json").data)
    files = [tmp_path / f"{place}.tar" for place in range(3)]
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    saved = tmp_path / "renewals.json"

    def holds(chain: Any) -> tuple[bool, bool]:
        try:
            check_renewals(chain, section=code, archive=hashes[0], layers=hashes[1:])
            ours = True
        except Invalid:
            ours = False
        saved.write_bytes(rfc8785.dumps(chain))
        return ours, their_renewals(saved, code, hashes[0], hashes[1:]).holds

    assert holds(told) == (True, True)
    words = [str(files[0]), *(word for file in files[1:] for word in ("--layer", str(file))), "--renewals", str(saved)]
    said = CliRunner().invoke(verify, words)
    assert said.exit_code == 0 and "✓ 续期时间戳：2 枚" in said.output and "✓ 第 2 层补充" in said.output, said.output
    assert len(told["renewals"]) == 2
    assert holds({**told, "renewals": told["renewals"][1:]}) == (False, False)
    assert holds({**told, "renewals": told["renewals"][::-1]}) == (False, False)
    assert holds({**told, "renewals": [{**one, "layers": 1} for one in told["renewals"]]}) == (False, False)

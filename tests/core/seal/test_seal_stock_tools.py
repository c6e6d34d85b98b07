"""Debian's age, tar and sha256sum seal what we open and open what we seal: nobody needs to trust our program."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from core import seal as sealing
from core.seal import Expected, Sealed
from core.seal.ladder import step_for
from tests.core.seal.scene import Scene, refused

SCRIPT = Path(__file__).resolve().parents[3] / "docs/seal-with-stock-tools.sh"

pytestmark = pytest.mark.skipif(shutil.which("age") is None, reason="NOT TESTED: the age program is not installed")


def keys(scene: Scene, folder: Path) -> dict[str, Path]:
    """An identity file for every role."""
    paths = {}
    for role in ("bidder", "tenderee", "officer", "supervisor"):
        paths[role] = folder / f"{role}.key"
        paths[role].write_text(f"# {role}\n{scene.identity(role)}\n")
    return paths


def run(*arguments: object, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["bash", str(SCRIPT), *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stderr
    return done


def seal_by_script(scene: Scene, folder: Path, out: Path, handle: str) -> Expected:
    recipients = {**scene.policy["recipients"], "bidder": sealing.recipient_of(scene.bidder.identity)}
    run(
        "seal",
        folder,
        out,
        SECTION=scene.policy["section"],
        POLICY_DIGEST=sealing.policy_digest(scene.policy),
        HANDLE=handle,
        ENVELOPE="price",
        RECIPIENTS="\n".join(f"{role} {key}" for role, key in recipients.items()),
        SETS=" ".join(sealing.policy_sets(scene.policy)),
    )
    parts = sealing.read_canonical((out / "envelope.json").read_bytes(), sealing.MAX_SUBMISSION)
    for names, blob in parts["keys"].items():
        data = (out / f"price.{names}.key.age").read_bytes()
        assert blob == {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        sealing.lint_package(data)
    assert set(parts["keys"]) == set(sealing.policy_sets(scene.policy))
    bound = {"section": scene.policy["section"], "policy_digest": sealing.policy_digest(scene.policy)}
    return sealing.expected({**bound, "handle": handle, "envelopes": {"price": parts}}, "price")


@pytest.mark.parametrize("size", [1, 60_000, 1_500_000, 17_000_000])
def test_what_the_script_seals_we_open(scene: Scene, tmp_path: Path, size: int) -> None:
    """All sets, Chinese and long names, several slots. Seen red: with the layers in the order of the set's name."""
    names = ["files/bill/工程量清单.xlsx", f"files/bill/{'长' * 80}.pdf", "files/a/a b.txt", "files/a0/x"]
    for name in names:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "in" / names[0]).write_bytes(b"x" * size)
    expected = seal_by_script(scene, tmp_path / "in", tmp_path / "out", "ab" * 32)
    bulk = tmp_path / "out/price.bulk.age"
    assert sealing.lint_file(bulk) == step_for(size + 6 * 1024)
    for names_of_set in sealing.policy_sets(scene.policy):
        package = (tmp_path / f"out/price.{names_of_set}.key.age").read_bytes()
        released = sealing.release(scene.peel_all(package, names_of_set), expected.bid_recipient)
        out = tmp_path / names_of_set
        opened = sealing.open_sealed(bulk, released, expected, out)
        assert opened.commit_checked
        for name in names:
            assert (out / name).read_bytes() == (tmp_path / "in" / name).read_bytes()


@pytest.mark.parametrize("names", ["bidder+tenderee", "officer+supervisor"])
@pytest.mark.parametrize("envelope", ["technical", "price"])
def test_what_we_seal_the_script_opens(scene: Scene, sealed: Sealed, tmp_path: Path, envelope: str, names: str) -> None:
    """And checks our commitment. Seen red: with the salt comment written behind `#sunbid-salt=`."""
    identities = keys(scene, tmp_path)
    package, commit = sealed.keys[envelope][names], sealed.submission["envelopes"][envelope]["plain_commit"]
    in_order = [identities[role] for role in names.split("+")]
    run("open", sealed.bulks[envelope], package, tmp_path / "out", *in_order, PLAIN_COMMIT=commit)
    for file in scene.envelopes[envelope]:
        assert (tmp_path / "out/files" / file.slot / file.title).read_bytes() == file.path.read_bytes()
    wrong = run("open", sealed.bulks[envelope], package, tmp_path / "x", *in_order, PLAIN_COMMIT="0" * 64, check=False)
    assert wrong.returncode == 1
    assert "not the committed archive" in wrong.stderr
    alone = run("open", sealed.bulks[envelope], package, tmp_path / "y", in_order[1], check=False)
    assert alone.returncode != 0


def test_the_script_refuses_what_it_cannot_write(scene: Scene, tmp_path: Path) -> None:
    """Seen red: without the check, a quote in a name makes a manifest that does not parse."""
    (tmp_path / "in/files/a").mkdir(parents=True)
    (tmp_path / 'in/files/a/a"b').write_text("x")
    done = run("seal", tmp_path / "in", tmp_path / "out", check=False, RECIPIENTS="", SETS="")
    assert done.returncode == 1
    assert "quote" in done.stderr
    assert run(check=False).returncode == 2


def test_identity_packages_open_with_the_age_program(scene: Scene, sealed: Sealed, tmp_path: Path) -> None:
    """Seen red: with the padding outside the JSON, which then does not read back as canonical."""
    identities = keys(scene, tmp_path)
    layer = sealed.identity["officer+supervisor"]
    for role in ("officer", "supervisor"):
        command = ["age", "-d", "-i", str(identities[role])]
        layer = subprocess.run(command, input=layer, capture_output=True, check=True).stdout
    claims = sealing.read_identity(layer, scene.policy, sealed.submission)
    assert claims["bidder"] == scene.facts["bidder"]


def test_an_age_file_with_a_passphrase_or_armour_is_refused(tmp_path: Path) -> None:
    """Made by the real program. Seen red: with the armour check left out it is called plain text."""
    key = sealing.recipient_of(sealing.new_identity())
    armoured = subprocess.run(["age", "-a", "-r", key], input=b"x", capture_output=True, check=True).stdout
    with refused("seal.armored"):
        sealing.lint(armoured)
    two = ["age", "-r", key, "-r", sealing.recipient_of(sealing.new_identity())]
    with refused("seal.stanza_count", count=2):
        sealing.lint(subprocess.run(two, input=b"x", capture_output=True, check=True).stdout)

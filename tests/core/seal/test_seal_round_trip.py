"""A sealed bid opens by every set of the policy, by no single key, and comes back byte for byte."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pyrage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import seal as sealing
from core.errors import Invalid
from core.seal import Enclosure, Sealed, opening
from tests.core.seal.scene import Scene, make_bidder, make_chance, make_policy, refused

SETS = ["bidder+tenderee", "officer+supervisor", "officer+tenderee", "supervisor+tenderee"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def originals(files: Sequence[Enclosure]) -> dict[str, bytes]:
    return {f"files/{file.slot}/{file.title}": file.path.read_bytes() for file in files}


@pytest.mark.parametrize("names", SETS)
@pytest.mark.parametrize("envelope", ["schedule", "qualification", "technical", "price"])
def test_every_set_opens_every_envelope(
    scene: Scene, sealed: Sealed, tmp_path: Path, envelope: str, names: str
) -> None:
    """Seen red: with the layers nested in the reverse order, the first member peels nothing."""
    opened = scene.open(sealed, envelope, tmp_path / "out", names)
    found = contents(tmp_path / "out")
    assert json.loads(found.pop("manifest.json")) == opened.manifest
    assert found == originals(scene.envelopes[envelope])
    assert opened.commit_checked
    assert len(opened.nonce) == 32


def test_sets_are_the_bidder_with_the_tenderee_and_every_pair_of_trustees(scene: Scene, sealed: Sealed) -> None:
    """Seen red: with combinations of threshold - 1."""
    assert sealing.policy_sets(scene.policy) == SETS
    assert all(set(parts["keys"]) == set(SETS) for parts in sealed.submission["envelopes"].values())
    assert set(sealed.identity) == set(SETS[1:])


def test_three_of_four_trustees_nest_three_layers(scene: Scene, tmp_path: Path) -> None:
    """Seen red: with the package of a set cut to its first two names."""
    trustees = scene.trustees | {"notary": sealing.new_identity()}
    policy = make_policy(trustees, threshold=3, envelopes=["schedule"])
    wide = Scene(trustees, policy, scene.bidder, scene.facts, {"schedule": scene.envelopes["schedule"]})
    sealed = wide.seal(tmp_path / "bid")
    assert len(sealed.keys["schedule"]) == 5
    wide.open(sealed, "schedule", tmp_path / "out", "notary+officer+supervisor")


@pytest.mark.parametrize("role", ["tenderee", "officer", "supervisor", "bidder"])
def test_no_single_key_opens_anything(scene: Scene, sealed: Sealed, role: str) -> None:
    """With one identity, peeling as far as it goes never shows a secret, and the bulk does not open.

    Seen red: with key packages sealed to the first member of the set only.
    """
    packages = [path.read_bytes() for keys in sealed.keys.values() for path in keys.values()]
    packages += sealed.identity.values()
    for package in packages:
        inside = package
        for _ in range(3):
            try:
                inside = sealing.peel(inside, scene.identity(role))
            except Invalid as error:
                assert error.code == "seal.not_for_this_key"
                break
        assert inside.startswith(b"age-encryption.org/v1\n")
    for path in sealed.bulks.values():
        with refused("seal.not_for_this_key"):
            sealing.peel(path.read_bytes()[: sealing.MAX_PACKAGE], scene.identity(role))


def test_what_leaves_the_machine_names_nobody(scene: Scene, sealed: Sealed) -> None:
    """No fact about the bidder, no file name and no file content stands readable in any file that is uploaded.

    Seen red: with the identity text written beside its packages.
    """
    planted = [scene.facts["bidder"]["name"], scene.facts["bidder"]["uscc"], scene.facts["operator"], "营业执照"]
    planted += [scene.facts["device"]["mac"], scene.facts["bond"]["account"], "8765432100", "AGE-SECRET-KEY"]
    for path in sealed.folder.iterdir():
        if path.name != sealing.PRIVATE_FILE:
            data = path.read_bytes()
            assert not [word for word in planted if word.encode() in data], path.name


def test_the_folder_holds_exactly_the_named_files(sealed: Sealed) -> None:
    """Seen red: with the file mode of private.json left to the umask."""
    wanted = {"submission.json", "private.json"}
    wanted |= {sealing.bulk_file(name) for name in sealed.bulks}
    wanted |= {sealing.key_file(name, names) for name, keys in sealed.keys.items() for names in keys}
    wanted |= {sealing.identity_file(names) for names in sealed.identity}
    assert {path.name for path in sealed.folder.iterdir()} == wanted
    assert stat.S_IMODE((sealed.folder / "private.json").stat().st_mode) == 0o600
    written = (sealed.folder / "submission.json").read_bytes()
    assert sealing.read_canonical(written, sealing.MAX_SUBMISSION) == sealed.submission
    private = json.loads((sealed.folder / "private.json").read_text())
    assert private["leaf_salt"] == sealed.leaf_salt.hex()
    assert private["submission_digest"] == sealed.digest == sealing.submission_digest(sealed.submission)
    assert sealed.leaf == sealing.leaf_commitment(
        sealed.leaf_salt, sealed.digest, sealing.package_hashes(sealed.identity)
    )


def test_submission_tells_the_hash_and_size_of_every_file(sealed: Sealed) -> None:
    """Seen red: with the hash of the archive in place of the sealed file's."""
    for name, parts in sealed.submission["envelopes"].items():
        pairs = [(parts["bulk"], sealed.bulks[name])]
        pairs += [(blob, sealed.keys[name][names]) for names, blob in parts["keys"].items()]
        for blob, path in pairs:
            data = path.read_bytes()
            assert blob == {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        assert sealing.lint_file(sealed.bulks[name]) in sealing.LADDER


def test_progress_counts_every_archive_byte(scene: Scene, tmp_path: Path) -> None:
    """Seen red: with the total taken from the file sizes, without padding."""
    steps: list[tuple[int, int]] = []
    sealed = scene.seal(tmp_path / "bid", progress=lambda done, total: steps.append((done, total)))
    total = sum(sealing.lint_file(path) for path in sealed.bulks.values())
    assert steps[-1] == (total, total)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    wanted = sealing.expected(sealed.submission, "technical")
    steps.clear()
    sealing.open_sealed(
        sealed.bulks["technical"],
        scene.released(sealed, "technical"),
        wanted,
        tmp_path / "out",
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps[-1] == (wanted.size, wanted.size)


def test_replace_and_withdraw_follow_one_another(scene: Scene, sealed: Sealed, tmp_path: Path) -> None:
    """submit, replace, withdraw, submit again: each names its predecessor, under one handle.

    Seen red: with `check_succession` not comparing `previous`.
    """
    second = scene.seal(tmp_path / "2", kind="replace", sequence=2, previous=sealed.digest)
    third = scene.seal(tmp_path / "3", kind="withdraw", sequence=3, previous=second.digest, envelopes={})
    fourth = scene.seal(tmp_path / "4", kind="submit", sequence=4, previous=third.digest)
    line = [None, sealed.submission, second.submission, third.submission, fourth.submission]
    for last, new in pairwise(line):
        assert new is not None
        sealing.check_succession(new, last)
    assert len({one["handle"] for one in line if one}) == 1
    assert "envelopes" not in third.submission
    assert third.identity
    with refused("seal.wrong_envelope"):
        sealing.expected(third.submission, "price")
    first = sealed.submission
    wrong = ((None, second), (first, third), (third.submission, second), (second.submission, fourth))
    for last, new in wrong:
        with refused("seal.succession"):
            sealing.check_succession(new.submission, last)
    with refused("seal.succession"):
        sealing.check_succession(second.submission | {"previous": "ab" * 32}, first)
    with refused("seal.succession", expected=2):
        sealing.check_succession(sealed.submission, sealed.submission)


def test_backup_archive_is_accepted_only_if_it_is_the_committed_one(
    scene: Scene, sealed: Sealed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-256. Seen red: without the comparison with plain_commit the changed archive unpacks."""
    released = scene.released(sealed, "price")
    assert released.salt is not None
    wanted = sealing.expected(sealed.submission, "price")
    archive = tmp_path / "backup.tar"
    key = pyrage.x25519.Identity.from_str(released.secret)
    archive.write_bytes(pyrage.decrypt(sealed.bulks["price"].read_bytes(), [key]))
    opened = sealing.open_archive(archive, released.salt, wanted, tmp_path / "ok")
    assert contents(tmp_path / "ok").keys() == {"manifest.json", *originals(scene.envelopes["price"])}
    assert opened.commit_checked
    data = bytearray(archive.read_bytes())
    data[-2000] ^= 1  # in the padding: nothing but the commitment notices
    archive.write_bytes(data)
    with refused("seal.commit_mismatch"):
        sealing.open_archive(archive, released.salt, wanted, tmp_path / "bad")
    archive.write_bytes(b"garbage")
    with refused("seal.commit_mismatch"):
        sealing.open_archive(archive, released.salt, wanted, tmp_path / "bad")
    archive.write_bytes(data)  # swapped after it was hashed: what counts is what was unpacked
    committed = bytes.fromhex(opened.archive_sha256)
    monkeypatch.setattr(opening, "file_digest", lambda path: committed)
    with refused("seal.commit_mismatch"):
        sealing.open_archive(archive, released.salt, wanted, tmp_path / "bad")
    assert not (tmp_path / "bad").exists()


names = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"), exclude_characters="/\\"),
    min_size=1,
    max_size=60,
).filter(
    lambda name: name not in (".", "..") and len(name.encode()) <= 255 and name == name.strip() and name.isprintable()
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(names, st.binary(min_size=1, max_size=3000), min_size=1, max_size=5).filter(
        lambda files: len({name.casefold() for name in files}) == len(files)
    ),
    seed=st.text(max_size=5),
)
def test_any_files_under_any_printable_names_come_back(
    scene: Scene, tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], seed: str
) -> None:
    """Seen red: with the pax length not counting its own digits (names beyond 100 bytes)."""
    base = tmp_path_factory.mktemp("any")
    enclosures = []
    for number, (name, content) in enumerate(files.items()):
        (base / str(number)).write_bytes(content)
        enclosures.append(Enclosure("any", base / str(number), name))
    policy = make_policy(scene.trustees, envelopes=["schedule"])
    sealed = scene.seal(base / "bid", policy=policy, envelopes={"schedule": enclosures}, chance=make_chance(seed))
    scene.open(sealed, "schedule", base / "out", "officer+supervisor")
    found = contents(base / "out")
    del found["manifest.json"]
    assert found == {f"files/any/{name}": content for name, content in files.items()}


def test_handles_of_one_bidder_differ_between_sections_and_bidders(scene: Scene, sealed: Sealed) -> None:
    """Seen red: with the section left out of the derivation."""
    other = make_bidder("乙")
    mine = sealing.handle_of(scene.bidder.secret, scene.policy["section"])
    assert mine == sealed.submission["handle"] == sealing.handle_of(scene.bidder.secret, scene.policy["section"])
    assert len({mine, sealing.handle_of(scene.bidder.secret, "X"), sealing.handle_of(other.secret, "X")}) == 3
    assert sealing.derive_nonce(other.secret, "experts") != sealing.derive_nonce(other.secret, "coefficient")
    with refused("seal.secret_size"):
        sealing.handle_of(b"short", "X")

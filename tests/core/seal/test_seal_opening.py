"""Everything that was changed, swapped, copied or crafted is refused at the opening, each with its own code."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import seal as sealing
from core.errors import Invalid
from core.seal import Enclosure, Expected, Released, Sealed
from core.seal.ladder import step_for
from core.seal.submission import sign_submission
from tests.core.seal.scene import Scene, make_bidder, make_policy, refused

SALT = b"s" * 32


def entry(name: str, content: bytes, slot: str = "a") -> dict[str, Any]:
    return {"slot": slot, "name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def manifest_for(expected: Expected, listed: list[dict[str, Any]], **changes: Any) -> bytes:
    return sealing.canonical(
        {
            "type": "sunbid-manifest/v1",
            "section": expected.section,
            "policy_digest": expected.policy_digest,
            "handle": expected.handle,
            "envelope": expected.envelope,
            "nonce": "00" * 32,
            "files": listed,
        }
        | changes
    )


def member(path: str, content: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(path)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def tar_of(members: list[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.USTAR_FORMAT) -> bytes:
    """A tar made by Python's library, filled up with zeros to the ladder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue().ljust(step_for(len(out.getvalue())), b"\0")


@pytest.fixture
def forge(tmp_path: Path, price: Expected) -> Callable[[bytes], tuple[Path, Released, Expected, Path]]:
    """An archive, committed to and sealed exactly as a bidder with own tools would."""

    def make(archive: bytes) -> tuple[Path, Released, Expected, Path]:
        secret = sealing.new_identity()
        recipient = sealing.recipient_of(secret)
        data = pyrage.encrypt(archive, [pyrage.x25519.Recipient.from_str(recipient)])
        bulk = tmp_path / "forged.age"
        bulk.write_bytes(data)
        expected = replace(
            price,
            bid_recipient=recipient,
            plain_commit=sealing.plain_commit(SALT, hashlib.sha256(archive).digest()),
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
        )
        return bulk, Released(secret, SALT), expected, tmp_path / "out"

    return make


Forge = Callable[[bytes], tuple[Path, Released, Expected, Path]]
X = b"content"


def test_an_archive_by_other_tools_opens(forge: Forge, price: Expected) -> None:
    """The forge itself is sound: what it makes of good members opens, in ustar and in pax with stray times."""
    text = manifest_for(price, [entry("b.txt", X), entry("中" * 60 + ".txt", X)])
    for form in (tarfile.PAX_FORMAT,):
        members = [member("manifest.json", text, mtime=1.5), member("files/a/b.txt", X)]
        members += [member(f"files/a/{'中' * 60}.txt", X, mtime=2.25), member("padding", bytes(99))]
        bulk, released, expected, out = forge(tar_of(members, form))
        opened = sealing.open_sealed(bulk, released, expected, out)
        assert (out / "files/a" / ("中" * 60 + ".txt")).read_bytes() == X
        assert [one.name for one in opened.entries] == ["b.txt", "中" * 60 + ".txt"]


def crafted(price: Expected) -> dict[str, tuple[bytes, str]]:
    """Hostile archives by name: bytes and the code that must refuse them."""
    good = manifest_for(price, [entry("b.txt", X)])
    head, file, pad = member("manifest.json", good), member("files/a/b.txt", X), member("padding", b"")

    def listing(*files: dict[str, Any]) -> tuple[tarfile.TarInfo, bytes]:
        return member("manifest.json", manifest_for(price, list(files)))

    def changed(**changes: Any) -> tuple[tarfile.TarInfo, bytes]:
        return member("manifest.json", manifest_for(price, [entry("b.txt", X)], **changes))

    cases: dict[str, tuple[list[tuple[tarfile.TarInfo, bytes]], str]] = {
        "symlink": (
            [head, member("files/a/b.txt", type=tarfile.SYMTYPE, linkname="/etc/passwd"), pad],
            "member_refused",
        ),
        "hard link": ([head, member("files/a/b.txt", type=tarfile.LNKTYPE, linkname="x"), pad], "member_refused"),
        "folder": ([head, member("files/a", type=tarfile.DIRTYPE), file, pad], "member_refused"),
        "device": ([head, member("files/a/b.txt", type=tarfile.CHRTYPE), pad], "member_refused"),
        "fifo": ([head, member("files/a/b.txt", type=tarfile.FIFOTYPE), pad], "member_refused"),
        "sparse": ([head, member("files/a/b.txt", X, type=tarfile.GNUTYPE_SPARSE), pad], "member_refused"),
        "climbing member": ([head, member("../../evil", X), pad], "member_unexpected"),
        "absolute member": ([head, member("/etc/evil", X), pad], "member_unexpected"),
        "extra member": ([head, file, member("files/a/more", X), pad], "member_unexpected"),
        "member twice": ([head, file, file, pad], "member_unexpected"),
        "member missing": ([head, pad], "member_missing"),
        "no padding": ([head, file], "archive_malformed"),
        "other order": (
            [listing(entry("b", X), entry("c", X)), member("files/a/c", X), member("files/a/b", X), pad],
            "member_unexpected",
        ),
        "climbing name": ([listing(entry("../../evil", X)), member("files/a/../../evil", X), pad], "name_unsafe"),
        "climbing slot": ([listing(entry("evil", X, slot="..")), member("files/../evil", X), pad], "slot_invalid"),
        "bidi name": ([listing(entry("a\u202eb", X)), member("files/a/a\u202eb", X), pad], "name_unsafe"),
        "clashing names": ([listing(entry("B", X), entry("b", X)), pad], "name_duplicate"),
        "empty file": ([listing(entry("b", b"")), member("files/a/b"), pad], "file_empty"),
        "huge size": ([listing(entry("b", X) | {"size": 1 << 40}), pad], "archive_too_large"),
        "other size": ([listing(entry("b.txt", X) | {"size": 8}), file, pad], "file_mismatch"),
        "longer than promised": ([head, member("files/a/b.txt", X + bytes(1000)), pad], "file_mismatch"),
        "other content": ([head, member("files/a/b.txt", b"CONTENT"), pad], "file_mismatch"),
        "manifest under another name": ([member("other.json", good), file, pad], "manifest_invalid"),
        "manifest second": ([file, head, pad], "manifest_invalid"),
        "manifest not canonical": ([member("manifest.json", b" " + good), file, pad], "manifest_invalid"),
        "manifest not json": ([member("manifest.json", b"\xff"), file, pad], "manifest_invalid"),
        "manifest too deep": ([member("manifest.json", b"[" * 90_000), file, pad], "manifest_invalid"),
        "manifest with a key twice": (
            [member("manifest.json", good[:-1] + b',"type":"x"}'), file, pad],
            "manifest_invalid",
        ),
        "manifest with more": ([changed(more=1), file, pad], "manifest_invalid"),
        "short nonce": ([changed(nonce="00"), file, pad], "manifest_invalid"),
        "files not a list": ([changed(files={}), pad], "manifest_invalid"),
        "file with more": ([listing(entry("b.txt", X) | {"mode": 1}), file, pad], "manifest_invalid"),
        "file not an object": ([changed(files=[3]), file, pad], "manifest_invalid"),
        "slot not a text": ([listing(entry("b.txt", X) | {"slot": 1}), file, pad], "manifest_invalid"),
        "size not a number": ([listing(entry("b.txt", X) | {"size": True}), file, pad], "manifest_invalid"),
        "hash in capitals": (
            [listing(entry("b.txt", X) | {"sha256": hashlib.sha256(X).hexdigest().upper()}), file, pad],
            "manifest_invalid",
        ),
        "manifest with float size": (
            [member("manifest.json", good.replace(b'"size":7', b'"size":7.0')), file, pad],
            "manifest_invalid",
        ),
        "other section": ([changed(section="OTHER"), file, pad], "wrong_section"),
        "older policy": ([changed(policy_digest="ab" * 32), file, pad], "wrong_policy"),
        "other handle": ([changed(handle="ab" * 32), file, pad], "wrong_handle"),
        "other envelope": ([changed(envelope="technical"), file, pad], "wrong_envelope"),
    }
    made = {name: (tar_of(members), f"seal.{code}") for name, (members, code) in cases.items()}
    plain = tar_of([head, file, pad])
    made["second archive behind the end"] = (plain[:-512] + b"x" * 512, "seal.archive_malformed")
    made["broken checksum"] = (plain[:148] + b"0000000\0" + plain[156:], "seal.archive_malformed")
    made["gnu magic"] = (tar_of([head, file, pad], tarfile.GNU_FORMAT), "seal.archive_malformed")
    made["no archive"] = (bytes(65536), "seal.archive_malformed")
    made["pax size"] = (_pax(head, file, pad, {"size": "9"}), "seal.member_refused")
    made["pax sparse"] = (_pax(head, file, pad, {"GNU.sparse.map": "0,1"}), "seal.member_refused")
    made["pax climbing path"] = (_pax(head, file, pad, {"path": "files/a/../../../evil"}), "seal.member_unexpected")
    made["padding beyond the end"] = (_rewritten(plain, b"padding", 124, b"%011o\0" % (1 << 30)), "seal.archive_torn")
    made["size in base 256"] = (
        _rewritten(plain, b"padding", 124, b"\x80" + bytes(10) + b"\1"),
        "seal.archive_malformed",
    )
    made["path not in UTF-8"] = (_rewritten(plain, b"files/a/b.txt", 8, b"\xff"), "seal.member_refused")
    made["pax too large"] = (_pax(head, file, pad, {"comment": "x" * 5000}), "seal.member_refused")
    commented = _pax(head, file, pad, {"comment": "x"})
    assert b"13 comment=x\n" in commented
    for name, record in (
        ("pax length", b"99 comment=x\n"),
        ("pax sign", b"13 comment x\n"),
        ("pax end", b"13 comment=xx"),
    ):
        made[name] = (commented.replace(b"13 comment=x\n", record), "seal.archive_malformed")
    end = plain.index(b"padding\0") + 512
    made["no end marks"] = (plain[:end] + b"x" + plain[end + 1 :], "seal.archive_malformed")
    return made


def _pax(
    head: tuple[tarfile.TarInfo, bytes],
    file: tuple[tarfile.TarInfo, bytes],
    pad: tuple[tarfile.TarInfo, bytes],
    headers: dict[str, str],
) -> bytes:
    """The file's member with pax records before it; the library writes them where the ustar header cannot hold them."""
    info = tarfile.TarInfo(headers.get("path", file[0].name) + ("x" * 120 if "path" in headers else ""))
    info.size = file[0].size
    info.pax_headers = {key: value for key, value in headers.items() if key != "path"}
    return tar_of([head, (info, file[1]), pad], tarfile.PAX_FORMAT)


def _rewritten(archive: bytes, path: bytes, offset: int, field: bytes) -> bytes:
    """The same archive with other bytes at `offset` in the header of `path`, and that header's checksum right."""
    place = archive.index(path + b"\0")
    header = bytearray(archive[place : place + 512])
    header[offset : offset + len(field)] = field
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return archive[:place] + bytes(header) + archive[place + 512 :]


CASES = sorted(crafted(Expected("A", "00" * 32, "11" * 32, "price", "", "", "", 0)))


@pytest.mark.parametrize("case", CASES)
def test_crafted_archives_are_refused_and_leave_nothing(
    forge: Forge, price: Expected, tmp_path: Path, case: str
) -> None:
    """Seen red: each when its check in `unpack.py`, `manifest.py` or `names.py` was taken out."""
    archive, code = crafted(price)[case]
    bulk, released, expected, out = forge(archive)
    with refused(code):
        sealing.open_sealed(bulk, released, expected, out)
    assert [path.name for path in tmp_path.iterdir()] == ["forged.age"]
    assert not (tmp_path.parent / "evil").exists()


def test_a_commitment_to_another_archive_is_refused(forge: Forge, price: Expected, tmp_path: Path) -> None:
    """One changed byte of padding is enough. Seen red: without the comparison with plain_commit."""
    head = member("manifest.json", manifest_for(price, [entry("b", X)]))
    archive = tar_of([head, member("files/a/b", X), member("padding", bytes(600))])
    bulk, released, expected, out = forge(archive)
    other = archive.replace(bytes(600), b"!" + bytes(599), 1)
    assert other != archive
    with refused("seal.commit_mismatch"):
        wrong = replace(expected, plain_commit=sealing.plain_commit(SALT, hashlib.sha256(other).digest()))
        sealing.open_sealed(bulk, released, wrong, out)
    with refused("seal.commit_mismatch"):
        sealing.open_sealed(bulk, replace(released, salt=b"t" * 32), expected, out)
    assert not out.exists()
    unsalted = sealing.open_sealed(bulk, replace(released, salt=None), expected, out)
    assert not unsalted.commit_checked


def open_price(scene: Scene, sealed: Sealed, bulk: Path, out: Path, **changes: Any) -> None:
    wanted = replace(sealing.expected(sealed.submission, "price"), **changes)
    sealing.open_sealed(bulk, scene.released(sealed, "price"), wanted, out)


def test_a_damaged_store_is_told_from_a_damaged_bid(scene: Scene, sealed: Sealed, tmp_path: Path) -> None:
    """Bytes that differ from the commitment: the keeper's fault; committed bytes that do not open: the bidder's.

    Seen red: without the hash after a failure, both are `seal.torn`.
    """
    data = bytearray(sealed.bulks["price"].read_bytes())
    bulk = tmp_path / "bulk.age"
    length = sealing.lint(bytes(data))
    for place in (50, length + 1, len(data) // 2, len(data) - 1):
        flipped = bytearray(data)
        flipped[place] ^= 1
        bulk.write_bytes(flipped)
        with refused("seal.bulk_mismatch", envelope="price"):
            open_price(scene, sealed, bulk, tmp_path / "out")
        if place > length:
            with refused("seal.torn"):
                open_price(scene, sealed, bulk, tmp_path / "out", sha256=hashlib.sha256(flipped).hexdigest())
    for cut in (1, 65_552, len(data) - 100):
        bulk.write_bytes(data[:-cut])
        with refused("seal.bulk_mismatch"):
            open_price(scene, sealed, bulk, tmp_path / "out")
    short = data[:-65_552]  # a whole chunk gone: the size is possible, only the cipher notices
    bulk.write_bytes(short)
    with refused("seal.torn"):
        open_price(scene, sealed, bulk, tmp_path / "out", sha256=hashlib.sha256(short).hexdigest(), size=len(short))
    assert [path.name for path in tmp_path.iterdir()] == ["bulk.age"]


def test_a_second_seal_of_the_same_archive_is_not_the_committed_file(
    scene: Scene, sealed: Sealed, tmp_path: Path
) -> None:
    """It opens and its archive holds, yet it is not what the receipt names; nor is a size that differs.

    Seen red: without the comparison of hashes after a good opening, and without that of the sizes.
    """
    released, wanted = scene.released(sealed, "price"), sealing.expected(sealed.submission, "price")
    archive = pyrage.decrypt(sealed.bulks["price"].read_bytes(), [pyrage.x25519.Identity.from_str(released.secret)])
    again = pyrage.encrypt(archive, [pyrage.x25519.Recipient.from_str(wanted.bid_recipient)])
    bulk = tmp_path / "again.age"
    bulk.write_bytes(again)
    with refused("seal.bulk_mismatch"):
        sealing.open_sealed(bulk, released, replace(wanted, size=len(again)), tmp_path / "out")
    with refused("seal.bulk_mismatch"):
        larger = replace(wanted, size=wanted.size + 1)
        sealing.open_sealed(sealed.bulks["price"], released, larger, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["again.age"]


def test_two_stanzas_and_plain_files_are_refused_at_the_opening_too(
    scene: Scene, sealed: Sealed, tmp_path: Path
) -> None:
    """Seen red: without the lint in `open_sealed` the file for two recipients opens."""
    released = scene.released(sealed, "price")
    archive = pyrage.decrypt(sealed.bulks["price"].read_bytes(), [pyrage.x25519.Identity.from_str(released.secret)])
    keys = [sealing.recipient_of(released.secret), sealing.recipient_of(sealing.new_identity())]
    bulk = tmp_path / "bulk"
    for data, code in (
        (pyrage.encrypt(archive, [pyrage.x25519.Recipient.from_str(key) for key in keys]), "seal.stanza_count"),
        (bytes(archive), "seal.not_encrypted"),
    ):
        bulk.write_bytes(data)
        with refused(code):
            open_price(scene, sealed, bulk, tmp_path / "out", sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def test_a_bid_copied_under_another_handle_is_refused(scene: Scene, sealed: Sealed, tmp_path: Path) -> None:
    """A rival submits our sealed files as theirs; trustees could open it, but the manifest says whose it is.

    Seen red: without the comparison of the handle in `read_manifest`.
    """
    rival = make_bidder("乙")
    stolen = sign_submission(
        sealed.submission | {"handle": sealing.handle_of(rival.secret, scene.policy["section"])}, rival.secret
    )
    sealing.validate_submission(stolen, scene.policy)
    for envelope in scene.envelopes:
        wanted = sealing.expected(stolen, envelope)
        released = scene.released(sealed, envelope, "officer+supervisor")
        with refused("seal.wrong_handle"):
            sealing.open_sealed(sealed.bulks[envelope], released, wanted, tmp_path / "out")


def test_an_envelope_in_another_ones_place_is_refused(scene: Scene, tmp_path: Path) -> None:
    """The technical envelope sealed as the price, or for an older policy or another section.

    Seen red: without the four comparisons in `read_manifest`.
    """
    sealed = scene.seal(tmp_path / "bid")
    parts = sealed.submission["envelopes"]["technical"]
    swapped = sealed.submission | {"envelopes": {"price": parts}}
    wanted = sealing.expected(swapped, "price")
    released = scene.released(sealed, "technical")
    for changes, code in (
        ({}, "seal.wrong_envelope"),
        ({"envelope": "technical", "section": "OTHER"}, "seal.wrong_section"),
        ({"envelope": "technical", "policy_digest": "0" * 64}, "seal.wrong_policy"),
    ):
        with refused(code):
            sealing.open_sealed(sealed.bulks["technical"], released, replace(wanted, **changes), tmp_path / "out")
    with refused("seal.wrong_bid_key"):
        sealing.open_sealed(sealed.bulks["technical"], scene.released(sealed, "price"), wanted, tmp_path / "out")


def test_peel_refuses_what_is_not_for_this_key_or_damaged(scene: Scene, sealed: Sealed) -> None:
    """Seen red: with every DecryptError called torn."""
    package = sealed.keys["price"]["officer+supervisor"].read_bytes()
    with refused("seal.not_for_this_key"):
        sealing.peel(package, scene.identity("supervisor"))
    with refused("seal.torn"):
        sealing.peel(package[:-1], scene.identity("officer"))
    with refused("seal.torn"):
        sealing.peel(package[:-1] + bytes([package[-1] ^ 1]), scene.identity("officer"))
    with refused("seal.not_encrypted"):
        sealing.peel(b"AGE-SECRET-KEY-1", scene.identity("officer"))
    for text in ("", "AGE-SECRET-KEY-1QQ", scene.identity("officer").lower(), scene.identity("officer") + "\n"):
        with refused("seal.identity_malformed"):
            sealing.peel(package, text)


def test_release_takes_exactly_one_secret_of_the_committed_key() -> None:
    """Seen red: with the last secret line taken instead of the only one."""
    secret, other = sealing.new_identity(), sealing.new_identity()
    recipient = sealing.recipient_of(secret)
    salt = "ab" * 32
    for text in (f"# sunbid-salt: {salt}\n{secret}\n", f"# made by hand\r\n\r\n# sunbid-salt: {salt}\r\n{secret}\r\n"):
        assert sealing.release(text.encode(), recipient) == Released(secret, bytes.fromhex(salt))
    assert sealing.release(secret.encode(), recipient) == Released(secret, None)
    with refused("seal.wrong_bid_key", expected=recipient):
        sealing.release(other.encode(), recipient)
    for text in (
        "",
        f"{secret}\n{other}\n",
        f"{secret}\n{secret}\n",
        f" {secret}",
        secret[:-1],
        "hello",
        f"# sunbid-salt: {salt}\n# sunbid-salt: {salt}\n{secret}",
        "#" * 5000 + f"\n{secret}",
        f"é\n{secret}",
    ):
        with refused("seal.garbage_key_package"):
            sealing.release(text.encode(), recipient)


def test_a_taken_place_is_left_alone(scene: Scene, sealed: Sealed, tmp_path: Path) -> None:
    """Seen red: with the check left out, the rename fails with an OSError after all the work."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full/kept").write_text("kept")
    (tmp_path / "file").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("full", "file", "link"):
        with refused("seal.place_taken"):
            scene.open(sealed, "price", tmp_path / name)
        with refused("seal.place_taken"):
            scene.seal(tmp_path / name)
    assert (tmp_path / "full/kept").read_text() == "kept"
    (tmp_path / "empty").mkdir()
    scene.open(sealed, "price", tmp_path / "empty")
    assert json.loads((tmp_path / "empty/manifest.json").read_text())["envelope"] == "price"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0), value=st.integers(1, 255), cut=st.booleans())
def test_no_change_of_an_archive_gets_past_the_commitment(
    forge: Forge, price: Expected, place: int, value: int, cut: bool
) -> None:
    """Any byte changed, or the rest zeroed from there: a refusal, never another exception, never files.

    Seen red: without the comparison with plain_commit, a change of the padding passes.
    """
    head = member("manifest.json", manifest_for(price, [entry("b", X)]))
    archive = tar_of([head, member("files/a/b", X), member("padding", bytes(60_000))])
    place %= 6000 if cut else len(archive)
    changed = bytearray(archive)
    if cut:
        changed[place:] = bytes(len(archive) - place)
    else:
        changed[place] ^= value
    bulk, released, expected, out = forge(bytes(changed))
    wanted = replace(expected, plain_commit=sealing.plain_commit(SALT, hashlib.sha256(archive).digest()))
    if changed == archive:
        return
    with pytest.raises(Invalid) as caught:
        sealing.open_sealed(bulk, released, wanted, out)
    assert caught.value.code.startswith("seal.")
    assert not out.exists()


def test_policy_of_an_older_version_seals_apart(scene: Scene, sealed: Sealed, tmp_path: Path) -> None:
    """A seal made for version 1 is refused under version 2, and told so. Seen red: without wrong_policy."""
    newer = make_policy(scene.trustees, version=2)
    with refused("seal.wrong_policy", expected=sealing.policy_digest(newer)):
        sealing.validate_submission(sealed.submission, newer)
    path = tmp_path / "x"
    path.write_bytes(b"x")
    again = scene.seal(tmp_path / "bid", policy=newer, envelopes=scene.envelopes | {"price": [Enclosure("a", path)]})
    sealing.validate_submission(again.submission, newer)
    assert again.submission["handle"] == sealed.submission["handle"]

"""The folder's keys as one encrypted file and back, by our program, by stock age, and out of .p12 files."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from accounts.cli import AGE, KEY, PUBLIC, SECRET, Identity, account
from accounts.rules.certificates import read_certificate
from core.clock import StoppedClock
from core.errors import Conflict, Invalid, Refusal
from core.seal import new_identity
from core.seal.age import nest
from core.seal.keyfile import KeyFile
from tests import factories

PASSPHRASE = "correct-horse-battery"


@pytest.fixture
def folder(tmp_path: Path, clock: StoppedClock) -> Path:
    """A bidder's folder with its certificate."""
    own = Identity.create(tmp_path / "keys")
    authority = factories.authority(clock.now())
    own.accept_certificate(
        authority.issue(own.public_key, name="宏远", identifier=factories.uscc(1), person="陈晓", at=clock.now())
    )
    return own.folder


def run(*words: Any, fails: str = "") -> Result:
    """Run `sunbid account …` with the passphrase in the environment."""
    result = CliRunner().invoke(account, [str(word) for word in words], env={"SUNBID_PASSPHRASE": PASSPHRASE})
    if fails:
        assert isinstance(result.exception, Refusal) and result.exception.code == fails, result.output
    elif result.exception is not None:
        raise result.exception
    return result


def test_a_backup_gives_the_very_same_folder(folder: Path, tmp_path: Path) -> None:
    """Seen red: with the secret left out of the file, and with an existing file written over."""
    run("backup", folder, tmp_path / "keys.age")
    run("restore", tmp_path / "keys.age", tmp_path / "again")
    for file in (AGE, SECRET, PUBLIC, "certificate.pem"):
        assert (tmp_path / "again" / file).read_bytes() == (folder / file).read_bytes()
    assert Identity(tmp_path / "again").key_file == Identity(folder).key_file
    assert (tmp_path / "again" / KEY).stat().st_mode & 0o777 == 0o600
    run("backup", folder, tmp_path / "keys.age", fails="identity.exists")
    run("restore", tmp_path / "keys.age", folder, fails="identity.exists")


def test_stock_age_reads_the_backup_and_opens_with_it(folder: Path, tmp_path: Path) -> None:
    """`age -d` shows it, `age -d -i backup` uses it encrypted as it is. Seen red: with a first line no comment."""
    backup, layer = tmp_path / "keys.age", tmp_path / "layer.age"
    run("backup", folder, backup)
    layer.write_bytes(nest(b"own layer", [Identity(folder).recipient])[0])
    for command, out, expected in (
        (f"age -d -o {tmp_path}/plain {backup}", "plain", Identity(folder).key_file.text().encode()),
        (f"age -d -i {backup} -o {tmp_path}/inner {layer}", "inner", b"own layer"),
    ):
        at_terminal = ["script", "-qec", command, "/dev/null"]
        subprocess.run(at_terminal, input=f"{PASSPHRASE}\n".encode(), check=True, timeout=60)
        assert (tmp_path / out).read_bytes() == expected


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda text: text.replace("v1", "v2"), "type"),
        (lambda text: text.replace("# sunbid-secret", "# sunbid-other"), "identity"),
        (lambda text: text + f"# sunbid-secret: {'11' * 32}\n", "secret"),
        (lambda text: text.replace("secret: ", "secret: 00"), "secret"),
        (lambda text: text.replace("AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1Q"), "identity"),
        (lambda text: text.rsplit("AGE-", 1)[0], "identity"),
        (lambda text: text.replace("certificate: M", "certificate: N"), None),
    ],
)
def test_a_text_that_is_no_key_file_is_refused_with_the_place(folder: Path, change: Any, place: str | None) -> None:
    """Seen red: without the looks at the type, at what stands twice, at the identity, at the secret's length."""
    text = Identity(folder).key_file.text()
    assert KeyFile.read(text).text() == text
    with pytest.raises(Invalid, match=r"keyfile\.unreadable") as refused:
        KeyFile.read(change(text))
    assert place is None or refused.value.facts["place"] == place


def test_another_passphrase_and_a_torn_file_are_told_apart(folder: Path) -> None:
    """So is one that asks for 2^30 rounds. Seen red: it was called no key file."""
    held = Identity(folder).key_file
    wrapped = held.wrapped(PASSPHRASE)
    for content, passphrase, code in (
        (wrapped, "another-passphrase", "keyfile.password"),
        (wrapped[:-1], PASSPHRASE, "keyfile.unreadable"),
        (re.sub(rb"(-> scrypt \S+) \d+", rb"\1 30", wrapped), PASSPHRASE, "keyfile.work"),
        (b"x" * 300, PASSPHRASE, "keyfile.unreadable"),
        (nest(b"x", [Identity(folder).recipient])[0], PASSPHRASE, "keyfile.unreadable"),
    ):
        with pytest.raises(Invalid) as refused:
            KeyFile.unwrap(content, passphrase)
        assert refused.value.code == code
    with pytest.raises(Invalid, match=r"keyfile\.passphrase"):
        held.wrapped("elf-zeichen")


def test_a_p12_goes_out_and_comes_in_also_an_old_one(folder: Path, tmp_path: Path) -> None:
    """The signing key stays, identity and secret are new. Seen red: with the identity of the old folder."""
    run("export", folder, tmp_path / "own.p12")
    run("import", tmp_path / "own.p12", tmp_path / "new")
    old, new = Identity(folder), Identity(tmp_path / "new")
    assert new.key_file.key == old.key_file.key and new.certificate == old.certificate
    assert new.recipient != old.recipient and new.secret != old.secret
    legacy = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(100).hmac_hash(hashes.SHA1())
    lock = legacy.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).build(PASSPHRASE.encode())
    key: Any = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
    certificate = read_certificate(old.certificate)
    (tmp_path / "old.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, lock))
    run("import", tmp_path / "old.p12", tmp_path / "from-old")
    assert Identity(tmp_path / "from-old").key_file.key == old.key_file.key
    (tmp_path / "bare.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, None, None, lock))
    run("import", tmp_path / "bare.p12", tmp_path / "bare", fails="p12.empty")
    result = CliRunner().invoke(
        account, ["import", str(tmp_path / "own.p12"), str(tmp_path / "x")], env={"SUNBID_PASSPHRASE": "wrong"}
    )
    assert isinstance(result.exception, Invalid) and result.exception.code == "p12.password"


def test_keys_that_make_no_folder_leave_none(folder: Path, tmp_path: Path) -> None:
    """A key in a CA lock, a certificate of another key. Seen red: without the comparison before writing."""
    whole = Identity(folder).key_file
    other = Identity.create(tmp_path / "other")
    key: Any = serialization.load_pem_private_key((other.folder / KEY).read_bytes(), None)
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(Invalid, match=r"identity\.other_key"):
        Identity.restore(tmp_path / "x", replace(whole, key=der))
    held = KeyFile(new_identity(), bytes(32))
    with pytest.raises(Invalid, match=r"keyfile\.unsigned"):
        Identity.restore(tmp_path / "x", held)
    assert not (tmp_path / "x").exists()
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(Conflict, match=r"identity\.exists"):
        held.keep(tmp_path / "f", PASSPHRASE)

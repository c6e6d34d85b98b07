"""Timestamps: real RFC 3161 answers over HTTP, checked against known roots; stock OpenSSL agrees."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from asn1crypto import cms, tsp  # type: ignore[import-untyped]

from core.errors import Invalid, Missing
from core.timestamps import QUERY, Authority, ask, check_token, read_roots, root_fingerprint
from portal.cli.tsa import SmallTimestampAuthority, serving

AT = datetime(2026, 10, 8, 1, 30, tzinfo=UTC)
MESSAGE = b"sunbid.test\n7\nqrvM\n"


@pytest.fixture(scope="module")
def stamping() -> SmallTimestampAuthority:
    return SmallTimestampAuthority.create("timestamps.test", at=AT)


@pytest.fixture
def authority(stamping: SmallTimestampAuthority) -> Iterator[Authority]:
    with serving(stamping, lambda: AT) as address:
        yield Authority(address, (stamping.root,), timeout=5, tries=1)


def test_an_authority_stamps_a_hash_and_the_token_says_when(authority: Authority) -> None:
    answer = ask(authority, MESSAGE)
    assert answer.stamped.at == AT
    assert answer.stamped.authority == "timestamps.test"
    assert answer.stamped.accuracy == timedelta(seconds=1)
    assert check_token(answer.token, MESSAGE, authority.roots) == answer.stamped
    assert ask(authority, MESSAGE).stamped.serial != answer.stamped.serial


def test_a_token_says_nothing_of_other_bytes_or_under_other_roots(authority: Authority) -> None:
    """Seen red: with the token's own imprint compared with itself."""
    token = ask(authority, MESSAGE).token
    other = SmallTimestampAuthority.create("timestamps.test", at=AT)
    for message, roots in ((MESSAGE + b"x", authority.roots), (MESSAGE, (other.root,)), (MESSAGE, ())):
        with pytest.raises(Invalid, match=r"timestamp\.wrong"):
            check_token(token, message, roots)


def test_a_token_with_a_later_instant_written_into_it_is_refused(authority: Authority) -> None:
    """The instant is signed. Seen red: with a check that reads the instant and skips the verification."""
    answer = tsp.TimeStampResp.load(ask(authority, MESSAGE).token)
    signed = answer["time_stamp_token"]["content"]
    info = signed["encap_content_info"]["content"].parsed
    info["gen_time"] = AT + timedelta(hours=1)
    signed["encap_content_info"]["content"] = cms.ParsableOctetString(info.dump(force=True))
    with pytest.raises(Invalid, match=r"timestamp\.wrong"):
        check_token(answer.dump(force=True), MESSAGE, authority.roots)


def test_no_flipped_byte_of_a_token_says_anything_else(authority: Authority) -> None:
    """Every byte of a real token: refused, or it still says the same (bytes that nobody signs, such as a filler)."""
    answer = ask(authority, MESSAGE)
    for place in range(len(answer.token)):
        changed = bytearray(answer.token)
        changed[place] ^= 1
        try:
            said = check_token(bytes(changed), MESSAGE, authority.roots)
        except Invalid:
            continue
        assert said == answer.stamped, place


@pytest.mark.parametrize("token", [b"", b"0", b"\x30\x03\x02\x01\x00", b"<html>", bytes(4000)])
def test_what_is_no_token_is_refused(token: bytes, stamping: SmallTimestampAuthority) -> None:
    with pytest.raises(Invalid, match=r"timestamp\.wrong"):
        check_token(token, MESSAGE, (stamping.root,))


def test_a_signer_that_may_not_stamp_is_refused() -> None:
    """A certificate under the same root without the time-stamping purpose."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    from accounts.rules import SmallAuthority

    root = SmallAuthority.create("other purpose", at=AT)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signs letters")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(AT - timedelta(days=1))
        .not_valid_after(AT + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(root._key, hashes.SHA256())
    )
    liar = SmallTimestampAuthority(root.certificate, certificate, key)
    with serving(liar, lambda: AT) as address, pytest.raises(Invalid, match=r"timestamp\.wrong"):
        ask(Authority(address, (root.certificate,), tries=1), MESSAGE)


def test_an_authority_that_is_down_or_talks_nonsense_is_told_apart(stamping: SmallTimestampAuthority) -> None:
    nonsense = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=nonsense.handle_request, daemon=True).start()
    with pytest.raises(Missing, match=r"timestamp\.unreachable.*HTTP 501"):
        ask(Authority(f"http://127.0.0.1:{nonsense.server_port}/", (stamping.root,), tries=1), MESSAGE)
    nonsense.server_close()
    with serving(stamping, lambda: AT) as address:
        gone = address
    with pytest.raises(Missing, match=r"timestamp\.unreachable"):
        ask(Authority(gone, (stamping.root,), timeout=1, tries=2), MESSAGE)


def test_a_query_that_is_none_is_declined(stamping: SmallTimestampAuthority) -> None:
    for query in (b"", b"\x30\x00", b"garbage"):
        with pytest.raises(ValueError):
            stamping.answer(query, AT)
    with serving(stamping, lambda: AT) as address:
        answer = requests.post(address, data=b"garbage", headers={"Content-Type": QUERY}, timeout=5)
        assert answer.status_code == 400


def test_stock_openssl_agrees(authority: Authority, stamping: SmallTimestampAuthority, tmp_path: Path) -> None:
    """The command that docs/spec/ledger.md names for who trusts no program of ours."""
    (tmp_path / "body").write_bytes(MESSAGE)
    (tmp_path / "token.tsr").write_bytes(ask(authority, MESSAGE).token)
    (tmp_path / "roots.pem").write_bytes(stamping.root_pem)
    words = ["openssl", "ts", "-verify", "-in", "token.tsr", "-CAfile", "roots.pem", "-data"]
    good = subprocess.run([*words, "body"], cwd=tmp_path, capture_output=True, text=True)
    assert good.returncode == 0 and "Verification: OK" in good.stdout + good.stderr
    (tmp_path / "other").write_bytes(MESSAGE + b"x")
    assert subprocess.run([*words, "other"], cwd=tmp_path, capture_output=True).returncode != 0


def test_an_openssl_authority_is_understood_too(tmp_path: Path) -> None:
    """Another implementation's answers: Debian's `openssl ts -reply` with an RSA key."""
    run = lambda *words: subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)  # noqa: E731
    (tmp_path / "ts.cnf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\n"
        "default_policy=1.2.3.4.1\ndigests=sha256\naccuracy=secs:1\n"
        "[ext]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=critical,timeStamping\n[req]\ndistinguished_name=dn\n[dn]\n"
    )
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "body").write_bytes(MESSAGE)
    new = ["-newkey", "rsa:2048", "-nodes", "-config", "ts.cnf"]
    run("openssl", "req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "30",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    run("openssl", "req", *new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=openssl tsa")
    run("openssl", "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "tsa.pem",
        "-days", "30", "-extfile", "ts.cnf", "-extensions", "ext", "-CAcreateserial")  # fmt: skip
    run("openssl", "ts", "-query", "-data", "body", "-sha256", "-cert", "-out", "q.tsq", "-config", "ts.cnf")
    run("openssl", "ts", "-reply", "-queryfile", "q.tsq", "-out", "r.tsr", "-config", "ts.cnf")
    roots = read_roots((tmp_path / "ca.pem").read_bytes())
    said = check_token((tmp_path / "r.tsr").read_bytes(), MESSAGE, roots)
    assert said.authority == "openssl tsa"
    assert len(root_fingerprint(roots[0])) == 64

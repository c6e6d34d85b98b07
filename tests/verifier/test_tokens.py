"""Timestamp tokens in the second verifier: real ones hold, every other one is wrong, and the two readers agree."""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from core.errors import Invalid
from core.timestamps import check_token as ours
from portal.cli.tsa import SmallTimestampAuthority
from verifier.canonical import Wrong
from verifier.tokens import check_token, fingerprint

AT = datetime(2026, 10, 8, 1, 30, tzinfo=UTC)
BODY = b"sunbid.test\n7\nqrvM\n"


@pytest.fixture(scope="module")
def stamping() -> SmallTimestampAuthority:
    return SmallTimestampAuthority.create("timestamps.test", at=AT)


@pytest.fixture(scope="module")
def token(stamping: SmallTimestampAuthority) -> bytes:
    query = TimestampRequestBuilder().data(BODY).hash_algorithm(HashAlgorithm.SHA256).build()
    return stamping.answer(query.as_bytes(), AT)


def test_a_token_says_when_and_under_which_root(stamping: SmallTimestampAuthority, token: bytes) -> None:
    said = check_token(token, BODY, [stamping.root])
    assert (said.at, said.accuracy, said.root) == (AT, timedelta(seconds=1), fingerprint(stamping.root))


def test_other_bytes_and_other_roots_are_wrong(stamping: SmallTimestampAuthority, token: bytes) -> None:
    """Seen red: without the comparison of the imprint."""
    other = SmallTimestampAuthority.create("timestamps.test", at=AT)
    for body, roots in (
        (BODY + b"x", [stamping.root]),
        (BODY, [other.root]),
        (BODY, []),
        (BODY, [stamping.certificate]),
    ):
        with pytest.raises(Wrong):
            check_token(token, body, roots)


def test_both_readers_agree_on_every_flipped_byte(stamping: SmallTimestampAuthority, token: bytes) -> None:
    """Where one reader refuses and the other does not, what is said is still what was signed."""
    good = check_token(token, BODY, [stamping.root])
    refused = 0
    for place in range(len(token)):
        changed = bytearray(token)
        changed[place] ^= 0x02
        try:
            assert check_token(bytes(changed), BODY, [stamping.root]) == good, place
        except Wrong:
            refused += 1
        with suppress(Invalid):
            assert ours(bytes(changed), BODY, [stamping.root]).at == good.at, place
    assert refused > len(token) * 0.9


def test_an_expired_signer_is_wrong(stamping: SmallTimestampAuthority) -> None:
    query = TimestampRequestBuilder().data(BODY).hash_algorithm(HashAlgorithm.SHA256).build()
    late = stamping.answer(query.as_bytes(), AT + timedelta(days=4000))
    with pytest.raises(Wrong):
        check_token(late, BODY, [stamping.root])


@pytest.mark.parametrize("token", [b"", b"0", hashlib.sha256(b"").digest(), bytes(3000)])
def test_what_is_no_token_is_wrong(token: bytes, stamping: SmallTimestampAuthority) -> None:
    with pytest.raises(Wrong):
        check_token(token, BODY, [stamping.root])

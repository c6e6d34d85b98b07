"""Sources that answer over HTTP, with the faults real ones have; signed files; nothing silent is ever clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from accounts.rules import Role
from core.act import Act, Platform
from core.clock import StoppedClock, iso
from core.errors import Invalid
from core.law import Snapshot
from core.outgoing import networks_of
from credit import queries, services
from credit.models import CreditSource
from credit.rules import SOURCES
from credit.rules.answers import Question
from credit.rules.signatures import list_statement
from credit.services.client import Client, Unanswered, rest_after
from tests.conftest import START
from tests.credit.source_server import Source, record, serving
from tests.factories import credit_lists, uscc

ActAs = Callable[..., AbstractContextManager[Act]]
T = Snapshot("T", "2026-10-01", {}, {"mandatory": ["yes"]})
BANS = "tender_bans"
ASKED = Question(BANS, uscc(1), "第1号公司", "ab" * 16)

HERE = networks_of(["127.0.0.0/8"])


@pytest.fixture
def source() -> Iterator[Source]:
    with serving(START) as held:
        yield held


def client(source: Source, **options: object) -> Client:
    return Client(source.url, source.public, networks=HERE, pause=lambda _: None, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("faults", "asked"), [(["500", "503"], 3), (["truncated"], 2), (["429"], 2), ([], 1)])
def test_passing_trouble_is_tried_again(source: Source, faults: list[str], asked: int) -> None:
    source.faults = faults
    assert b"records" in client(source).ask(ASKED)
    assert len(source.asked) == asked


@pytest.mark.parametrize(
    ("fault", "cause", "asked"),
    [
        ("500", "http_500", 3),
        ("404", "http_404", 1),
        ("302", "http_302", 1),
        ("truncated", "connection", 3),
        ("wrong signature", "bad_signature", 1),
        ("unsigned", "unsigned", 1),
        ("slow", "timeout", 3),
    ],
)
def test_lasting_trouble_is_no_answer(source: Source, fault: str, cause: str, asked: int) -> None:
    """Seen red: with the signature left unchecked, and with redirects followed."""
    source.faults = [fault] * 3
    with pytest.raises(Unanswered) as caught:
        client(source, patience=0.3).ask(ASKED)
    assert (caught.value.cause, len(source.asked)) == (cause, asked)


def test_a_source_inside_a_network_that_is_not_our_own_is_not_asked(source: Source) -> None:
    """Whoever names a source has the platform ask no machine beside it. Seen red: with `requests.get`."""
    with pytest.raises(Unanswered, match="private"):
        Client(source.url, source.public, pause=lambda _: None).ask(ASKED)
    assert source.asked == []


def test_nobody_listens() -> None:
    with pytest.raises(Unanswered, match="connection"):
        Client("http://127.0.0.1:1/", networks=HERE, pause=lambda _: None).ask(ASKED)


def test_the_rate_is_kept_and_the_pauses_grow(source: Source) -> None:
    pauses: list[float] = []
    held = Client(source.url, source.public, networks=HERE, per_minute=2, pause=pauses.append, monotonic=lambda: 100.0)
    for _ in range(3):
        held.ask(ASKED)
    assert pauses == [60.0]
    pauses.clear()
    source.faults = ["500", "500"]
    Client(source.url, source.public, networks=HERE, pause=pauses.append).ask(ASKED)
    assert pauses == [0.5, 1.0]


def test_a_source_that_fails_on_and_on_rests_longer_each_time() -> None:
    assert [rest_after(count) for count in (0, 4, 5, 6, 7, 8, 99)] == [None, None, 60, 300, 1800, 7200, 7200]


def asked_by(act: Act, number: int = 1, **more: str) -> dict[str, str]:
    checks = services.check_party(
        act, section_code="BJ-1", stage="opening", identifier=uscc(number), name=f"第{number}号公司", law=T, **more
    )
    return {check.source: check.decision for check in checks}


def set_up(act: Act, source: Source) -> None:
    credit_lists(act)
    services.set_source(
        act, source=BANS, url=source.url, key_kind="ed25519", key=source.public, region="330100", is_asked=True
    )


def quick(settings: CreditSource) -> Client:
    return Client(settings.url, settings.key, networks=HERE, pause=lambda _: None, patience=0.3)


def test_nobody_waits_for_a_source_and_its_answer_follows(act_as: ActAs, platform: Platform, source: Source) -> None:
    """The evidence of an answer recomputes from its very bytes; the question is answered, not replaced."""
    source.records = [record(uscc(1), "第1号公司", ban_until="2026-12-31")]
    with act_as(Role.OPERATOR) as act:
        set_up(act, source)
        assert asked_by(act)[BANS] == "pending" and source.asked == []
    assert services.ask_sources(platform, client=quick) == 1
    with platform.reading() as session:
        asked, heard = [one for one in queries.checks(session, "BJ-1") if one.source == BANS]
        assert (asked.outcome, asked.feedback_at, heard.follows_id) == ("unanswered", None, asked.id)
        assert (heard.adapter, heard.decision, heard.rule["rule"]) == ("api", "restricted", "R-700")
        assert heard.evidence["answer"]["signed_by"].startswith("ed25519:")
        assert queries.replay(session, platform.store, heard).same
        assert queries.replay(session, platform.store, heard).basis == "answer"
        assert [row.feedback_at is not None for row in queries.feedback(session) if row.source == BANS] == [True]
        platform.store.path(heard.raw_sha256 or "").write_bytes(b"tampered")
        assert queries.replay(session, platform.store, heard).basis == "lost"
    assert services.ask_sources(platform, client=quick) == 0


@pytest.mark.parametrize("fault", ["garbage", "wrong party", "old answer", "wrong signature", "500"])
def test_what_cannot_be_believed_stays_pending(
    act_as: ActAs, platform: Platform, clock: StoppedClock, source: Source, fault: str
) -> None:
    """Seen red: with the nonce of the answer left unread."""
    with act_as(Role.OPERATOR) as act:
        set_up(act, source)
        asked_by(act)
    source.faults = [fault] * 3
    assert services.ask_sources(platform, client=quick) == 0
    with platform.reading() as session:
        (asked,) = [one for one in queries.checks(session, "BJ-1") if one.source == BANS]
        assert (asked.decision, asked.attempts) == ("pending", 1)
        assert asked.next_ask_at == START + timedelta(seconds=60)
    source.faults = []
    assert services.ask_sources(platform, client=quick) == 0, "its time has not come"
    clock.advance(seconds=61)
    assert services.ask_sources(platform, client=quick) == 1
    with platform.reading() as session:
        assert queries.newest_checks(session, "BJ-1", uscc(1))[BANS].decision == "clear"


def test_a_source_that_is_down_rests_and_is_not_asked_for_each_party(
    act_as: ActAs, platform: Platform, clock: StoppedClock, source: Source
) -> None:
    with act_as(Role.OPERATOR) as act:
        set_up(act, source)
        for number in range(1, 4):
            asked_by(act, number)
    for _ in range(5):
        source.faults = ["404"]
        services.ask_sources(platform, client=quick)
        clock.advance(seconds=1)
        if len(source.asked) < 5:
            clock.advance(hours=6)
    assert len(source.asked) == 5, "one question a time, not one a party"
    with platform.reading() as session:
        settings = queries.source_settings(session, BANS)
        assert settings is not None and settings.failures == 5 and settings.rests_until > clock.now()
    clock.advance(seconds=30)
    services.ask_sources(platform, client=quick)
    assert len(source.asked) == 5, "it rests"
    clock.advance(hours=6)
    assert services.ask_sources(platform, client=quick) == 3


def test_a_signed_list_is_taken_only_with_its_signature(act_as: ActAs, source: Source) -> None:
    """Another list's signature, or that of another time, is none. Seen red: with `check_signature` left out."""
    import hashlib

    file = "名称,列入事由\n甲公司,串通投标\n".encode()
    digest = hashlib.sha256(file).hexdigest()

    def signed(name: str = BANS, at: datetime = START) -> bytes:
        return source.key.sign(list_statement(name, digest, iso(at)))

    with act_as(Role.OPERATOR) as act:
        services.set_source(act, source=BANS, key_kind="ed25519", key=source.public)
        wrong = (b"", b"x", signed("tax_violations"), signed(at=START - timedelta(hours=1)))
        for signature, code in zip(wrong, ("unsigned", *["bad_signature"] * 3), strict=True):
            with pytest.raises(Invalid, match=code):
                services.import_list(act, source=BANS, file=file, as_of=START, signature=signature)
        done = services.import_list(act, source=BANS, file=file, as_of=START, signature=signed())
        assert done.signed_by == f"ed25519:{source.public[:16]}"


def test_a_detached_pkcs7_by_the_pinned_certificate_counts(act_as: ActAs, tmp_path: Path) -> None:
    """As `openssl smime` and Chinese CAs make them; another certificate's, or another file's, is refused."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "浙江省公共信用信息平台")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2030, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = "名称,列入事由\n甲公司,串通投标\n".encode()
    made = pkcs7.PKCS7SignatureBuilder().set_data(file).add_signer(certificate, key, hashes.SHA256())
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    signature = made.sign(serialization.Encoding.DER, options)
    with act_as(Role.OPERATOR) as act:
        pinned = certificate.fingerprint(hashes.SHA256()).hex()
        services.set_source(act, source=BANS, key_kind="pkcs7", key=pinned)
        with pytest.raises(Invalid, match="bad_signature"):
            services.import_list(act, source=BANS, file=file + b"x", as_of=START, signature=signature)
        done = services.import_list(act, source=BANS, file=file, as_of=START, signature=signature)
        assert "浙江省公共信用信息平台" in done.signed_by
        services.set_source(act, source=BANS, key_kind="pkcs7", key="00" * 32)
        with pytest.raises(Invalid, match="bad_signature"):
            services.import_list(act, source=BANS, file=file, as_of=START, signature=signature)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"source": "nothing"}, "credit.source"),
        ({"url": "http://credit.example.org/", "is_asked": True}, "credit.url"),
        ({"url": "ftp://x", "is_asked": True}, "credit.url"),
        ({"key_kind": "ed25519", "key": "12"}, "credit.key"),
        ({"key_kind": "pkcs7", "key": "00" * 32, "is_asked": True, "url": "https://x.cn"}, "credit.key"),
        ({"source": "credit_ratings", "is_asked": True, "url": "https://x.cn"}, "credit.source"),
        ({"per_minute": 0}, "credit.rate"),
    ],
)
def test_settings_that_cannot_work_are_refused(act_as: ActAs, changed: dict[str, object], code: str) -> None:
    with act_as(Role.OPERATOR) as act, pytest.raises(Invalid) as caught:
        services.set_source(act, **{"source": BANS, **changed})  # type: ignore[arg-type]
    assert caught.value.code == code


def test_every_list_can_be_asked() -> None:
    assert set(SOURCES) >= {BANS, "major_penalties"}

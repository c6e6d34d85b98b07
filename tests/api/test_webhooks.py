"""Webhooks against a real HTTP server with faults: signed, retried, given up, resent; never into a private network."""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import select, text

from accounts.queries import person_by_id
from accounts.rules import Role
from core.act import SYSTEM, Platform
from core.api.webhooks import OVERLAP, TRIES, WAITS, derived_secret, signature
from core.board import publish_notice
from core.clock import StoppedClock
from core.errors import Invalid
from core.ledger.log import append
from core.outbox import Message
from core.outgoing import PATIENCE, Unreachable, check_address, may_reach, networks_of, post, session
from portal.cli.webhooks import AT_ONCE, THREADS, deliver_webhooks
from tests import factories
from tests.api.test_tokens import token_of
from tests.conftest import Browser
from window import queries, services
from window.models import Webhook, WebhookMessage
from window.services.webhooks import CLAIM

HERE = networks_of(["127.0.0.0/8"])


class Receiver:
    """A program that listens: what it got, and how it answers next (a status, or a fault by name)."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int | str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                answer = receiver.answers.pop(0) if receiver.answers else 204
                if answer == "hang up":
                    self.connection.close()
                elif answer == "drip":
                    for _ in range(40):
                        self.wfile.write(b"H")
                        self.wfile.flush()
                        time.sleep(0.05)
                elif answer == "redirect":
                    self.send_response(302)
                    self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
                    self.end_headers()
                else:
                    self.send_response(int(answer))
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?x=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def speak_tls(self, folder: Path) -> None:
        """From here on it listens with a certificate of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(7).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2050, 1, 1, tzinfo=UTC)).sign(key, SHA256())
        )  # fmt: skip
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "receiver.pem").write_bytes(plain + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "receiver.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    held = Receiver()
    yield held
    held.server.shutdown()
    held.server.server_close()


def subscribe(platform: Platform, url: str, **options: Any) -> tuple[Webhook, str]:
    actor = factories.actor(platform, Role.TENDEREE)
    with platform.act(actor) as act:
        person = person_by_id(act.session, actor.person_id or 0)
        chosen = {"kinds": [], "section": "", **options}
        return services.create_webhook(act, person, url=url, networks=HERE, **chosen)


def happen(platform: Platform, *subjects: str) -> None:
    with platform.act(SYSTEM) as act:
        for subject in subjects:
            publish_notice(act, kind="tender", subject=subject, title="公告", content={})


def rows(platform: Platform) -> list[WebhookMessage]:
    with platform.reading() as session:
        return list(session.scalars(select(WebhookMessage).order_by(WebhookMessage.id)))


def test_the_signature_is_the_published_one() -> None:
    """The vector of the Standard Webhooks reference libraries."""
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}'
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_changes_is_told_once_signed_and_in_the_order_of_the_ledger(
    platform: Platform, receiver: Receiver, clock: StoppedClock
) -> None:
    """Seen red: with the body written anew for the request instead of kept."""
    happen(platform, "section:OLD")
    _, secret = subscribe(platform, receiver.url)
    happen(platform, "section:S1", "section:S2")
    with platform.act(SYSTEM) as act:
        append(act, "person.register", "person:1", {"secret": "x"})
    assert deliver_webhooks(platform, HERE) == ["hand over 2 of 2 webhook messages"]
    assert deliver_webhooks(platform, HERE) == []
    told = {json.loads(body)["data"]["leaf"]: json.loads(body) for _, body in receiver.got}
    assert [one["data"]["section"] for _, one in sorted(told.items())] == ["S1", "S2"]
    assert {one["type"] for one in told.values()} == {"notice.tender"}
    for headers, body in receiver.got:
        stamp = int(headers["webhook-timestamp"])
        assert stamp == int(clock.now().timestamp())
        assert headers["webhook-signature"] == signature(secret, headers["webhook-id"], stamp, body.decode())


def test_a_secret_is_its_own_and_lies_encrypted(platform: Platform, receiver: Receiver) -> None:
    """Whoever has the ledger's key has no secret, nor has whoever has the database. Seen red: with a plain column."""
    held, secret = subscribe(platform, receiver.url)
    assert secret != derived_secret(platform.signer, held.number, 1) and len(secret) == 6 + 44
    assert subscribe(platform, receiver.url)[1] != secret
    with platform.act(factories.actor(platform, Role.TENDEREE)) as act:
        services.rotate_secret(act, queries.webhook(act.session, held.person_id, held.number))
    with platform.reading() as session:
        raw = str(session.execute(text("SELECT * FROM webhook")).all())
        one = queries.webhook(session, held.person_id, held.number)
        assert one.former == secret and one.secret not in (None, secret)
    assert secret not in raw and "whsec_" not in raw and raw.count("lk1:") == 3


def test_a_subscription_from_before_keeps_its_secret_until_its_owner_takes_a_new_one(
    platform: Platform, receiver: Receiver, login: Callable[..., Browser]
) -> None:
    """Nobody misses a message over the change. Seen red: with no secret taken for none."""
    held, _ = subscribe(platform, receiver.url)
    with platform.act(SYSTEM) as act:
        act.session.execute(text("UPDATE webhook SET secret = NULL"))

    def signers(*secrets: str) -> list[bool]:
        happen(platform, "section:S1")
        deliver_webhooks(platform, HERE)
        headers, body = receiver.got[-1]
        found = headers["webhook-signature"].split(" ")
        stamp = int(headers["webhook-timestamp"])
        return [signature(one, headers["webhook-id"], stamp, body.decode()) in found for one in secrets]

    old = derived_secret(platform.signer, held.number, 1)
    browser = login(Role.TENDEREE)
    assert signers(old) == [True]
    assert "请更换一次密钥" in browser.get(f"/account/webhooks/{held.number}").get_data(as_text=True)
    page = browser.post(f"/account/webhooks/{held.number}/rotate").get_data(as_text=True)
    new = re.search(r"whsec_[A-Za-z0-9+/=]+", page)
    assert new is not None and "请更换一次密钥" not in page
    assert signers(old, new[0]) == [True, True]


def test_only_what_was_subscribed_is_told(platform: Platform, receiver: Receiver) -> None:
    subscribe(platform, receiver.url, kinds=["award."])
    subscribe(platform, receiver.url, kinds=["notice."], section="S2")
    happen(platform, "section:S1", "section:S2")
    deliver_webhooks(platform, HERE)
    assert [json.loads(body)["data"]["section"] for _, body in receiver.got] == ["S2"]


def test_of_a_section_its_hall_and_its_result_are_told_too(platform: Platform, receiver: Receiver) -> None:
    """Seen red: with the subject compared with `section:…` alone, so that no opening and no award was told; with a
    second sitting known, and none after it."""
    subscribe(platform, receiver.url, section="S-01")
    subjects = (
        "opening:S-01",
        "opening:S-01:2",
        "opening:S-01:3",
        "publicity:S-01",
        "archive:S-01",
        "opening:S-010",
        "trades:S-01",
    )
    with platform.act(SYSTEM) as act:
        for number, subject in enumerate(subjects):
            append(act, ("opening.", "award.")[number % 2] + "x", subject, {})
    deliver_webhooks(platform, HERE)
    told = [json.loads(body)["data"] for _, body in receiver.got]
    assert sorted(one["subject"] for one in told) == sorted(subjects[:5])
    assert {one["section"] for one in told} == {"S-01"}


def test_faults_are_tried_again_ever_more_slowly_under_the_same_id(
    platform: Platform, receiver: Receiver, clock: StoppedClock
) -> None:
    """Seen red: with the wait of the first try used for all."""
    subscribe(platform, receiver.url)
    happen(platform, "section:S1")
    receiver.answers = [500, "hang up", "redirect", 204]
    due = []
    for wait in (*WAITS[:3], timedelta(0)):
        deliver_webhooks(platform, HERE)
        deliver_webhooks(platform, HERE)  # nothing is due in between
        at = rows(platform)[0].due_at
        due.append(at - clock.now() if at else None)
        clock.move_to(clock.now() + wait)
    assert len(receiver.got) == 4 and len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    (message,) = rows(platform)
    assert message.taken_at is not None and message.due_at is None and due == [*WAITS[:3], None]
    with platform.reading() as session:
        outcomes = [one.outcome for one in queries.tries(session, [message])[message.id]]
    assert outcomes == ["500", "connection", "302", "204"]


def test_who_takes_nothing_is_put_to_sleep_with_a_letter_and_misses_nothing_once_woken(
    platform: Platform, receiver: Receiver, clock: StoppedClock
) -> None:
    """Seen red: without putting it to sleep after the last try."""
    held, _ = subscribe(platform, receiver.url)
    happen(platform, "section:S1")
    receiver.answers = [503] * TRIES
    for wait in (*WAITS, timedelta(0)):
        deliver_webhooks(platform, HERE)
        clock.move_to(clock.now() + wait)
    with platform.reading() as session:
        asleep = session.scalars(select(Webhook)).one()
        letter = session.scalars(select(Message).where(Message.template == "webhook.disabled")).one()
    assert (asleep.state, asleep.reason, len(receiver.got)) == ("disabled", "failed", TRIES)
    assert letter.recipient == "tenderee-a" and letter.facts["webhook"] == held.number
    happen(platform, "section:S2")
    assert deliver_webhooks(platform, HERE) == []
    with platform.act(factories.actor(platform, Role.TENDEREE)) as act:
        services.enable_webhook(act, act.session.scalars(select(Webhook)).one())
        services.replay(act, act.session.scalars(select(WebhookMessage)).one())
    deliver_webhooks(platform, HERE)
    assert sorted(json.loads(body)["data"]["section"] for _, body in receiver.got[TRIES:]) == ["S1", "S2"]


def test_who_has_many_waiting_leaves_room_for_the_others(platform: Platform, receiver: Receiver) -> None:
    """Seen red: with the oldest taken whosever they are. And a round ends before another worker takes it up."""
    subscribe(platform, receiver.url)
    happen(platform, *["section:S1"] * AT_ONCE)
    with platform.act(SYSTEM) as act:
        services.write_messages(act, act.session.scalars(select(Webhook.number)).one())
    subscribe(platform, f"{receiver.url}&other")
    happen(platform, "section:S2")
    with platform.reading() as session:
        behind = queries.behind(session)
    for number in behind:
        with platform.act(SYSTEM) as act:
            services.write_messages(act, number)
    with platform.act(SYSTEM) as act:
        taken = services.claim_messages(act, AT_ONCE, AT_ONCE // THREADS)
    assert [parcel.url.endswith("other") for parcel in taken].count(True) == 1
    assert CLAIM.total_seconds() > 2 * AT_ONCE / THREADS * PATIENCE


def test_sent_again_while_on_its_way_waits_as_after_a_first_try(
    platform: Platform, receiver: Receiver, clock: StoppedClock
) -> None:
    """Seen red: with the wait of no try at all, which is the longest."""
    subscribe(platform, receiver.url)
    happen(platform, "section:S1")
    with platform.reading() as session:
        (number,) = queries.behind(session)
    with platform.act(SYSTEM) as act:
        services.write_messages(act, number)
    with platform.act(SYSTEM) as act:
        (parcel,) = services.claim_messages(act)
    with platform.act(SYSTEM) as act:
        services.replay(act, act.session.scalars(select(WebhookMessage)).one())
    with platform.act(SYSTEM) as act:
        services.record_try(act, parcel, "500", 1)
    assert rows(platform)[0].due_at == clock.now() + WAITS[0]


def test_gone_means_gone(platform: Platform, receiver: Receiver) -> None:
    subscribe(platform, receiver.url)
    happen(platform, "section:S1")
    receiver.answers = [410]
    deliver_webhooks(platform, HERE)
    with platform.reading() as session:
        assert session.scalars(select(Webhook)).one().reason == "gone"


def test_a_new_secret_and_the_old_one_sign_together_for_a_day(
    platform: Platform, receiver: Receiver, clock: StoppedClock
) -> None:
    _, old = subscribe(platform, receiver.url)
    with platform.act(factories.actor(platform, Role.TENDEREE)) as act:
        new = services.rotate_secret(act, act.session.scalars(select(Webhook)).one())
    assert new != old

    def signed() -> set[str]:
        happen(platform, "section:S1")
        deliver_webhooks(platform, HERE)
        headers, body = receiver.got[-1]
        stamp = int(headers["webhook-timestamp"])
        found = set(headers["webhook-signature"].split(" "))
        pairs = {"old": old, "new": new}.items()
        return {name for name, key in pairs if signature(key, headers["webhook-id"], stamp, body.decode()) in found}

    assert signed() == {"old", "new"}
    clock.move_to(clock.now() + OVERLAP)
    assert signed() == {"new"}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_receiver_that_drips_is_cut_off_in_time(scheme: str, receiver: Receiver, tmp_path: Path) -> None:
    """Seen red: without the timer, which a byte now and then outlives; with the socket cut that TLS was laid over."""
    if scheme == "https":
        receiver.speak_tls(tmp_path)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    receiver.answers = ["drip"]
    began = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        post(receiver.url.replace("http", scheme), b"{}", {}, networks=HERE, patience=0.4, context=trusting)
    assert len(receiver.got) == 1
    assert caught.value.cause == "timeout" and time.monotonic() - began < 1.5


PRIVATE = (
    "10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "172.16.0.1", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1",
    "2002:7f00:1::", "2001:0:1::", "ff02::1", "fec0::1", "198.18.0.1", "::127.0.0.1", "nonsense",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_message_goes_to_a_private_address(address: str, receiver: Receiver) -> None:
    """Seen red: with only `is_private` asked."""
    assert not may_reach(address)
    with pytest.raises(Unreachable) as caught:
        post("https://innocent.example/", b"{}", {}, resolver=lambda host, port: ["93.184.216.34", address])
    assert caught.value.cause == "private" and receiver.got == []


def test_the_address_looked_at_is_the_one_connected_to(receiver: Receiver) -> None:
    """A name that answers with another address the second time is asked once. Seen red: with the name connected to."""
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    port = receiver.server.server_port
    assert post(f"http://rebind.example:{port}/", b"{}", {}, networks=HERE, resolver=rebinding).status == 204
    assert asked == ["rebind.example"] and receiver.got[0][0]["host"] == f"rebind.example:{port}"


def test_a_session_too_goes_where_it_looked_and_no_redirect_or_proxy_leads_it_inside(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What asks credit sources. Seen red: with the name connected to; with the environment trusted; unlooked at."""
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if host == "rebind.example" and asked.count(host) == 1 else ["10.0.0.1"]

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    port = receiver.server.server_port
    receiver.answers = ["redirect"]
    with session(HERE, rebinding) as asking, pytest.raises(Unreachable) as caught:
        asking.post(f"http://rebind.example:{port}/", data=b"{}", timeout=5)
    assert caught.value.cause == "private" and asked == ["rebind.example", "169.254.169.254"]
    assert receiver.got[0][0]["host"] == f"rebind.example:{port}"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "https://u:p@example.com/", "https://example.com/#x", "ftp://example.com/", "https:///x",
        "https://exa mple.com/", "https://例子.中国/", "https://example.com:0/", "https://example.com:99999/",
        "javascript:1", "https://10.0.0.1/", "https://[::1]/", "http://127.0.0.1/", "https://example.com\\@10.0.0.1/",
        "",
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_is_refused_at_once(url: str) -> None:
    with pytest.raises(Invalid):
        check_address(url)


def test_a_program_subscribes_tries_and_reads_the_log(
    client: Browser, platform: Platform, receiver: Receiver, app: Any
) -> None:
    app.extensions["sunbid.settings"].own_networks = ["127.0.0.0/8"]
    held = token_of(platform, Role.BIDDER, ["webhooks:read", "webhooks:write"])
    wrong = client.post("/api/v1/webhooks", headers=held, json={"url": "https://192.168.0.9/"})
    assert (wrong.status_code, wrong.json["field"], wrong.json["code"]) == (422, "url", "outgoing.private")
    odd = client.post("/api/v1/webhooks", headers=held, json={"url": receiver.url, "kinds": ["person."]})
    assert (odd.status_code, odd.json["field"], odd.json["code"]) == (422, "kinds", "webhook.kind")
    made = client.post("/api/v1/webhooks", headers=held, json={"url": receiver.url, "kinds": ["notice."]})
    address = made.headers["Location"]
    assert made.status_code == 201 and made.json["secret"].startswith("whsec_")
    assert "secret" not in client.get(address, headers=held).json
    assert client.post(f"{address}/ping", headers=held).json["kind"] == "webhook.ping"
    receiver.answers = [500]
    deliver_webhooks(platform, HERE)
    (message,) = client.get(f"{address}/messages", headers=held).json["items"]
    assert [one["outcome"] for one in message["tries"]] == ["500"] and message["taken_at"] is None
    again = client.post(f"{address}/messages/{message['number']}/replay", headers=held)
    assert again.status_code == 200
    deliver_webhooks(platform, HERE)
    (message,) = client.get(f"{address}/messages", headers=held).json["items"]
    assert message["taken_at"] is not None and len(message["tries"]) == 2
    stranger = token_of(platform, Role.AGENT, ["webhooks:read", "webhooks:write"])
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/ping"), ("GET", "/messages")):
        assert client.open(address + path, method=method, headers=stranger).status_code == 404
    assert client.delete(address, headers=held).status_code == 204
    assert client.get(address, headers=held).status_code == 404


def test_a_subscription_in_the_account_with_its_log_and_buttons(
    login: Callable[..., Browser], platform: Platform, receiver: Receiver, app: Any
) -> None:
    app.extensions["sunbid.settings"].own_networks = ["127.0.0.0/8"]
    browser = login(Role.TENDEREE)
    wrong = browser.post("/account/webhooks", data={"url": "http://example.com/", "kinds": ["notice."]})
    assert wrong.status_code == 422 and "http://example.com/" in wrong.get_data(as_text=True)
    page = browser.post("/account/webhooks", data={"url": receiver.url})
    assert page.status_code == 201 and "whsec_" in page.get_data(as_text=True)
    with platform.reading() as session:
        held = session.scalars(select(Webhook)).one()
    address = f"/account/webhooks/{held.number}"
    assert "whsec_" not in browser.get(address).get_data(as_text=True)
    assert browser.post(f"{address}/ping").status_code == 303
    receiver.answers = ["hang up"]
    deliver_webhooks(platform, HERE)
    told = browser.get(address).get_data(as_text=True)
    assert "无法连接" in told and "待发送" in told
    assert browser.post(f"{address}/disable").status_code == 303
    asleep = browser.post(f"{address}/ping")
    assert asleep.status_code == 409 and "请先恢复" in asleep.get_data(as_text=True)
    assert browser.post(f"{address}/enable").status_code == 303
    assert "whsec_" in browser.post(f"{address}/rotate").get_data(as_text=True)
    (message,) = rows(platform)
    assert browser.post(f"{address}/messages/{message.number}/replay").status_code == 303
    assert login(Role.BIDDER).get(address).status_code == 404
    assert browser.post(f"{address}/end").status_code == 303 and browser.get(address).status_code == 404

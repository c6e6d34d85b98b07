"""Letters to a real mail server and a real gateway on this machine, which fail in every way that servers do."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import requests

from core.carriers import Gateway, Letter, Mail, Undeliverable, console, why
from core.errors import Invalid


def letter(**other: Any) -> Letter:
    values: dict[str, Any] = {
        "id": 1, "key": "invitation:1", "channel": "mail", "recipient": "wang.min", "template": "experts.invitation",
        "facts": {}, "address": "wang.min@example.cn", "text": "请于 2026-10-08 10:00 到第三评标室参加评标。",
    }  # fmt: skip
    return Letter(**(values | other))


class Postbox(socketserver.StreamRequestHandler):
    """Just enough of SMTP (RFC 5321), with an answer to RCPT or DATA that a test chooses."""

    taken: ClassVar[list[bytes]] = []
    recipient_answer: ClassVar[bytes] = b"250 ok"
    data_answer: ClassVar[bytes] = b"250 taken"
    hang_up: ClassVar[bool] = False

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                if self.hang_up:
                    return
                self.wfile.write(b"354 go on\r\n")
                content = b""
                while not content.endswith(b"\r\n.\r\n"):
                    content += self.rfile.readline()
                if self.data_answer.startswith(b"2"):
                    self.taken.append(content)
                self.wfile.write(self.data_answer + b"\r\n")
            elif word == b"RCPT":
                self.wfile.write(self.recipient_answer + b"\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


class Desk(BaseHTTPRequestHandler):
    """A gateway whose next answers a test chooses; it takes one token once."""

    answers: ClassVar[list[int]] = []
    taken: ClassVar[dict[str, dict[str, Any]]] = {}
    bearer: ClassVar[str] = ""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        code = self.answers.pop(0) if self.answers else 200
        type(self).bearer = self.headers.get("Authorization", "")
        if code < 300:
            self.taken[self.headers["Idempotency-Key"]] = body
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"to +8613900000000: no")

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def postbox() -> Iterator[Mail]:
    Postbox.taken, Postbox.hang_up = [], False
    Postbox.recipient_answer, Postbox.data_answer = b"250 ok", b"250 taken"
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Mail("127.0.0.1", server.server_address[1], "platform@example.cn", "smtp")
        server.shutdown()


@pytest.fixture
def desk() -> Iterator[Gateway]:
    Desk.answers, Desk.taken = [], {}
    with ThreadingHTTPServer(("127.0.0.1", 0), Desk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Gateway(f"http://127.0.0.1:{server.server_port}/send", "secret", "voice")
        server.shutdown()


def test_mail_is_taken_once_under_one_name_and_its_subject_says_nothing(postbox: Mail) -> None:
    """Two attempts have one Message-ID. Seen red: a fresh Message-ID for each."""
    postbox(letter())
    postbox(letter())
    first, second = ([line for line in raw.splitlines() if line.startswith(b"Message-ID")] for raw in Postbox.taken)
    assert first == second and len(first) == 1
    assert "评标".encode() not in Postbox.taken[0].split(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    ("fault", "is_final"),
    [
        ({"recipient_answer": b"550 wang.min@example.cn unknown"}, True),
        ({"recipient_answer": b"451 later"}, False), ({"data_answer": b"451 later"}, False), ({"hang_up": True}, False),
    ],
)  # fmt: skip
def test_a_mail_server_that_fails_is_tried_again_unless_it_refuses_for_good(
    postbox: Mail, fault: dict[str, Any], is_final: bool
) -> None:
    """What is kept names nobody. Seen red: 550 tried again for ever; `repr(error)` kept the address."""
    for name, value in fault.items():
        setattr(Postbox, name, value)
    with pytest.raises(Exception) as found:
        postbox(letter())
    assert isinstance(found.value, Undeliverable) == is_final
    assert "wang" not in why(found.value) and Postbox.taken == []


def test_a_gateway_is_asked_again_under_the_same_token(desk: Gateway) -> None:
    """503, 429, then taken; 400 and a redirect are final. Seen red: a redirect followed."""
    sms = letter(channel="voice", address="+8613900000000")
    Desk.answers = [503, 429]
    for _ in range(2):
        with pytest.raises(ConnectionError) as found:
            desk(sms)
        assert "139" not in why(found.value)
    desk(sms)
    desk(sms)
    assert list(Desk.taken.values()) == [{"to": "+8613900000000", "text": sms.text, "kind": "voice"}]
    assert Desk.bearer == "Bearer secret"
    for code in (400, 302):
        Desk.answers = [code]
        with pytest.raises(Undeliverable):
            desk(sms)


def test_nobody_at_home_and_nobody_to_write_to(caplog: pytest.LogCaptureFixture) -> None:
    """Seen red: a letter without an address was handed to the gateway; the log named a secret recipient."""
    for carrier in (Gateway("http://127.0.0.1:9/send"), Mail("127.0.0.1", 9, "a@example.cn", "smtp")):
        with pytest.raises(Undeliverable):
            carrier(letter(address=""))
    with pytest.raises(requests.ConnectionError):
        Gateway("http://127.0.0.1:9/send")(letter(address="+861390000"))
    with caplog.at_level("INFO"):
        console(letter(is_secret=True))
    assert "wang.min" not in caplog.text and "wang.min" not in repr(letter())


def test_a_mail_address_of_a_server_is_read() -> None:
    """Seen red: any scheme was taken."""
    found = Mail.parse("smtp+tls://user:p%40ss@mail.example.cn", "platform@example.cn")
    assert (found.host, found.port, found.user, found.password) == ("mail.example.cn", 587, "user", "p@ss")
    for url, sender in (("http://mail", "a@b.cn"), ("smtp://", "a@b.cn"), ("smtp://mail", "nobody")):
        with pytest.raises(Invalid, match=r"settings\.mail"):
            Mail.parse(url, sender)

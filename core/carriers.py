"""Carriers take one letter to its recipient: the log of a demonstration, mail by SMTP, a gateway for SMS or voice.

A carrier is a function of a letter. It raises `Undeliverable` where trying again is no use, anything else to be tried
again. What it raises is never kept word for word: servers like to repeat addresses, and an address names a person.
"""

from __future__ import annotations

import hashlib
import logging
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from core.errors import Invalid

log = logging.getLogger("sunbid.carriers")
PATIENCE = 10
"""Seconds a server may take to answer."""
AGAIN = frozenset({408, 425, 429})
"""Answers of a gateway below 500 after which trying again is of use."""


@dataclass(frozen=True)
class Letter:
    """One message on its way: to which address of whom, by which channel, saying what."""

    id: int
    key: str
    channel: str
    recipient: str = field(repr=False)
    template: str
    facts: dict[str, Any] = field(repr=False)
    is_secret: bool = False
    address: str = field(default="", repr=False)
    text: str = field(default="", repr=False)

    @property
    def token(self) -> str:
        """The same for every attempt, so that a receiver can drop what it has already taken."""
        return hashlib.sha256(f"sunbid-letter\n{self.key}".encode()).hexdigest()[:32]


Carrier = Callable[[Letter], None]


class Undeliverable(Exception):
    """Trying again is no use: no address, or the receiver has refused for good."""


def console(letter: Letter) -> None:
    """Write to the log which letter went; a secret one's recipient and words stay out of it."""
    to = "a member" if letter.is_secret else letter.recipient
    log.info("letter %s to %s by %s", letter.template, to, letter.channel)


@dataclass(frozen=True)
class Mail:
    """SMTP with STARTTLS (`smtp+tls`), TLS from the start (`smtps`), or plain (`smtp`, on this machine only)."""

    host: str
    port: int
    sender: str
    security: str = "smtp+tls"
    user: str = ""
    password: str = field(default="", repr=False)
    subject: str = "公共资源交易平台通知"

    @classmethod
    def parse(cls, url: str, sender: str) -> Mail:
        """Read `smtp+tls://user:password@host:587`; Invalid("settings.mail") otherwise."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtp+tls", "smtps") or not parts.hostname or "@" not in sender:
            raise Invalid("settings.mail", field="mail")
        port = parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, sender, parts.scheme, user, password)

    def __call__(self, letter: Letter) -> None:
        """Hand the letter to the server; its Message-ID is the same for every attempt."""
        if "@" not in letter.address:
            raise Undeliverable("address")
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, letter.address, self.subject
        mail["Message-ID"] = f"<{letter.token}@{self.sender.rpartition('@')[2]}>"
        mail.set_content(letter.text)
        context = ssl.create_default_context()
        try:
            if self.security == "smtps":
                server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=context)
            else:
                server = smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
            with server:
                if self.security == "smtp+tls":
                    server.starttls(context=context)
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as refused:
            if all(code >= 500 for code, _ in refused.recipients.values()):
                raise Undeliverable("refused") from None
            raise


@dataclass(frozen=True)
class Gateway:
    """A gateway for SMS or voice: POST {"to", "text", "kind"} with a bearer and an Idempotency-Key; 2xx is taken."""

    url: str
    token: str = field(default="", repr=False)
    kind: str = "sms"

    def __call__(self, letter: Letter) -> None:
        """Hand the letter to the gateway; 4xx other than 408, 425 and 429 is refused for good."""
        if not letter.address:
            raise Undeliverable("address")
        headers = {"Idempotency-Key": letter.token}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        body = {"to": letter.address, "text": letter.text, "kind": self.kind}
        answer = requests.post(self.url, json=body, headers=headers, timeout=PATIENCE, allow_redirects=False)
        if 200 <= answer.status_code < 300:
            return
        if answer.status_code >= 500 or answer.status_code in AGAIN:
            raise ConnectionError(str(answer.status_code))
        raise Undeliverable(str(answer.status_code))


def why(error: Exception) -> str:
    """What is kept of a failure: its kind and the server's number, never its words."""
    code = getattr(error, "smtp_code", "")
    said = str(error) if isinstance(error, (Undeliverable, ConnectionError)) and str(error).isalnum() else ""
    return f"{type(error).__name__} {code or said}".strip()[:80]

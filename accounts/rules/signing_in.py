"""Ways to sign in: which are strong, what a certificate signs, which step of a one-time code counts, for how long."""

from __future__ import annotations

import base64
import unicodedata
from datetime import datetime

import pyotp

from core.calendar import DAY, day_of, end_of_day
from core.errors import Invalid

LOGIN_DOMAIN = b"sunbid-login/v1\n"
CONFIRMED = frozenset({"passkey", "certificate+passkey"})
STRONG = CONFIRMED | {"certificate", "password+totp", "demo"}
TOTP_STEP = 30
PASSWORD_LEAST = 12
PASSWORD_MOST = 200
COMMON = frozenset(
    ("password1234", "123456789012", "1234567890ab", "qwertyuiop12", "administrator", "woaini1314520", "abc123456789")
)


def is_strong(method: str) -> bool:
    """Whether a sign-in by this method opens what roles open; a password alone only lets one set up a second factor."""
    return method in STRONG


def is_confirmed(method: str) -> bool:
    """Whether a passkey took part in a sign-in by this method."""
    return method in CONFIRMED


def changes_passkeys(method: str) -> bool:
    """Whether a sign-in by this method adds or removes passkeys where there are some: a certificate alone does not."""
    return method != "certificate"


def login_message(challenge: str) -> bytes:
    """What a certificate signs to sign in: "sunbid-login/v1\\n" and the challenge as sent."""
    return LOGIN_DOMAIN + challenge.encode()


def is_totp_secret(text: str) -> bool:
    """Whether it is a secret as `begin_totp` makes them: 160 bits in base32."""
    try:
        return len(base64.b32decode(text)) == 20
    except ValueError:
        return False


def totp_step(secret: str, code: str, *, at: datetime) -> int | None:
    """The 30-second step whose code this is, at most one step away from the instant; None when it is no such code."""
    digits = unicodedata.normalize("NFKC", code).replace(" ", "")
    clock = pyotp.TOTP(secret, interval=TOTP_STEP)
    now = int(at.timestamp()) // TOTP_STEP
    return next((step for step in (now, now - 1, now + 1) if clock.verify(digits, for_time=step * TOTP_STEP)), None)


def expiry(at: datetime) -> datetime:
    """When a sign-in made at the instant ends: midnight in Beijing after the next day, so that no row tells when."""
    return end_of_day(day_of(at) + DAY)


def check_password(password: str, *, login: str) -> str:
    """The password as hashed (NFKC); Invalid when shorter than 12 or longer than 200, common, or the login itself.

    No composition rules and no forced change, as NIST SP 800-63B §5.1.1.2 advises.
    """
    value = unicodedata.normalize("NFKC", password)
    if not PASSWORD_LEAST <= len(value) <= PASSWORD_MOST:
        raise Invalid("password.length", field="password", least=PASSWORD_LEAST, most=PASSWORD_MOST, found=len(value))
    if value.lower() in COMMON or len(set(value)) < 5 or login.lower() in value.lower():
        raise Invalid("password.weak", field="password")
    return value

"""One function per thing a test needs: organisations, people, certificates."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from accounts.models import Organisation, Person
from accounts.queries import actor_for, organisation_by_identifier
from accounts.queries import person as person_of
from accounts.rules import Role, SmallAuthority
from accounts.rules.identity import ALPHABET, INNER_WEIGHTS, WEIGHTS
from accounts.services import grant_role, register_organisation, register_person
from core.act import SYSTEM, Act, Actor, Platform
from core.errors import Missing

PASSWORD = "vessel-harbour-ninety"
ORGANISATIONS = {
    Role.TENDEREE: ("滨江市水务集团有限公司", "913301", 1),
    Role.AGENT: ("正衡工程咨询有限公司", "913301", 2),
    Role.BIDDER: ("宏远市政建设有限公司", "913302", 3),
    Role.OFFICER: ("滨江市公共资源交易中心", "123301", 4),
    Role.SUPERVISOR: ("滨江市水务局", "113301", 5),
    Role.OPERATOR: ("阳光招采运营有限公司", "913301", 6),
    Role.FINANCE: ("滨江市公共资源交易中心", "123301", 4),
}


def uscc(number: int, prefix: str = "913301") -> str:
    """The valid code with that number: both check digits are right (R-010, R-011)."""
    body = f"MA{number:06d}"
    total = sum(int(char, 36) * weight for char, weight in zip(body, INNER_WEIGHTS, strict=True))
    inner = {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))
    code = f"{prefix}00{body}{inner}"
    remainder = sum(ALPHABET.index(char) * weight for char, weight in zip(code, WEIGHTS, strict=True)) % 31
    return code + ALPHABET[(31 - remainder) % 31]


def organisation(act: Act, number: int = 100, name: str = "", prefix: str = "913301") -> Organisation:
    """An organisation with a valid code; the same number gives the same one."""
    code = uscc(number, prefix)
    held = organisation_by_identifier(act.session, code)
    return held or register_organisation(
        act, name=name or f"第{number}号工程有限公司", identifier=code, region="330100", evidence="营业执照原件核对"
    )


def person(
    act: Act,
    role: Role | None = None,
    *,
    login: str,
    name: str = "陈晓",
    organisation: Organisation | None = None,
    scope: str = "*",
    password: str | None = None,
) -> Person:
    """A person with a role; the same login gives the same one."""
    try:
        return person_of(act.session, login)
    except Missing:
        held = register_person(act, login=login, name=name, organisation=organisation, password=password)
        if role is not None:
            grant_role(act, held, role, scope)
        return held


def actor(platform: Platform, role: Role, which: str = "a") -> Actor:
    """The actor of the test's person `which` of that role, made at the first use with an organisation of their own."""
    login = f"{role}-{which}"
    with platform.reading() as session:
        try:
            return actor_for(session, login)
        except Missing:
            pass
    with platform.act(SYSTEM) as act:
        own = None
        if role in ORGANISATIONS:
            name, prefix, number = ORGANISATIONS[role]
            step = string.ascii_lowercase.index(which[0])
            own = organisation(act, number * 100 + step, name if not step else f"{name}{which}", prefix)
        person(act, role, login=login, name=f"{own.name[:4] if own else '专家'}{which}", organisation=own)
        return actor_for(act.session, login)


def credit_lists(act: Act, **listed: str) -> None:
    """Fresh snapshots of every credit list, empty but for the rows given by list: `tender_bans="名称,代码,…"`."""
    from credit.rules import SOURCES
    from credit.services import import_list

    header = "name,identifier,document_number,reason,listed_on,ban_until,measures"
    stranger = f"无关公司,{uscc(987_654)},〔2026〕1号,与本测试无关,2026-01-01,,限制参与招标投标"
    for source in SOURCES:
        rows = "\n".join([header, stranger, *filter(None, [listed.get(source)])])
        import_list(act, source=source, file=rows.encode(), as_of=act.now, confirmed=True)


@dataclass(frozen=True)
class SigningKey:
    """A person's own P-256 key."""

    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls) -> SigningKey:
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> str:
        return (
            self.key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )

    @property
    def pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def pkcs8(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))


def authority(at: datetime, name: str = "滨江演示认证中心") -> SmallAuthority:
    """A small certification authority."""
    return SmallAuthority.create(name, at=at)

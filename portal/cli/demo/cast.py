"""The cast of the demo: organisations, people with their roles and keys, ten experts, a small certificate authority."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from accounts import services
from accounts.cli import Identity, write_private
from accounts.cli.keyfiles import p12_of
from accounts.models import Organisation, Person
from accounts.queries import actor_for, person
from accounts.rules import Role, SmallAuthority
from core.act import SYSTEM, Act, Actor, Platform
from core.seal import new_identity, recipient_of
from core.seal.keyfile import KeyFile
from core.seal.keys import SECRET_SIZE
from experts.services import add_expert, go_on_duty, name_duty_key
from opening.cli.keyring import Keyring
from portal.cli.demo.papers import AGENT, PURCHASER, TENDERER, bidders
from portal.cli.demo.papers.parties import unified_social_credit_code

REGION = "330100"
EVIDENCE = "演示数据：营业执照与经办人授权已核对"
CENTRE = ("滨江新区公共资源交易中心", unified_social_credit_code("330100", "MB0TE5T8"))
SUPERVISION = ("滨江新区行政审批与招标投标监督局", unified_social_credit_code("330100", "MB0TE5T9"))
P12_PASSWORD = "sunbid-demo"  # noqa: S105 - of the demonstration's files, so that a person can try the page
KEYS_PASSPHRASE = "sunbid-demo-keys"  # noqa: S105 - of the backups the demonstration hands out
SPECIALITIES = ("给水排水", "施工组织", "工程造价")


@dataclass(frozen=True)
class Part:
    """One person of the cast: sign-in name, name, organisation key, role."""

    login: str
    name: str
    unit: str
    role: Role


STAFF = (
    Part("tenderee", "田晓芸", "tenderee", Role.TENDEREE),
    Part("representative", "陆承海", "tenderee", Role.TENDEREE),
    Part("agent", "彭立人", "agent", Role.AGENT),
    Part("purchaser", "傅采薇", "purchaser", Role.TENDEREE),
    Part("officer", "沈若筠", "centre", Role.OFFICER),
    Part("finance", "程以恒", "centre", Role.FINANCE),
    Part("finance2", "顾言蹊", "centre", Role.FINANCE),
    Part("supervisor", "周秉正", "supervision", Role.SUPERVISOR),
    Part("operator", "许知远", "centre_it", Role.OPERATOR),
)
HOLDERS = ("tenderee", "purchaser", "officer", "supervisor")
"""Who of them holds keys: signs with a certificate and takes off layers as a trustee."""

PANEL = (("panel1", "汪澄远"), ("panel2", "邵明川"), ("panel3", "柳一诺"), ("panel4", "韩承志"), ("panel5", "蒋文谦"))
"""People of the tenderee who sit on its award committees."""

EXPERTS = (
    ("ZJ-0001", "expert1", "方伯谦", ("给水排水", "施工组织")),
    ("ZJ-0002", "expert2", "何静姝", ("给水排水",)),
    ("ZJ-0003", "expert3", "梁启明", ("施工组织",)),
    ("ZJ-0004", "expert4", "罗砚秋", ("工程造价",)),
    ("ZJ-0005", "expert5", "秦望舒", ("给水排水", "工程造价")),
    ("ZJ-0006", "expert6", "宋怀瑾", ("施工组织", "给水排水")),
    ("ZJ-0007", "expert7", "唐予安", ("工程造价", "施工组织")),
    ("ZJ-0008", "expert8", "魏长卿", ("给水排水",)),
    ("ZJ-0009", "expert9", "谢临川", ("施工组织",)),
    ("ZJ-0010", "expert10", "叶知秋", ("工程造价",)),
)
CONFLICTED = "ZJ-0003"
"""This expert worked for a bidder until last year: avoidance must find it after the opening (R-330)."""


@dataclass
class Cast:
    """Everybody, with the folders that hold the keys of those who sign or hold a share."""

    platform: Platform
    folder: Path
    authority: SmallAuthority
    identities: dict[str, Identity] = field(default_factory=dict)

    def actor(self, login: str) -> Actor:
        """The actor behind a sign-in name."""
        with self.platform.reading() as session:
            return actor_for(session, login)

    def token(self, login: str) -> str:
        """A bearer token for a member of staff or an expert, who in life sign in with password and second factor."""
        with self.platform.act(SYSTEM) as act:
            return services.open_sign_in(act, person(act.session, login), method="demo", carrier="bearer")


def settle(platform: Platform, folder: Path, at: datetime) -> Cast:
    """Register everybody, issue certificates to bidders and trustees, and fill the expert pool."""
    authority = SmallAuthority.create("阳光招采演示认证中心", at=at)
    cast = Cast(platform, folder, authority)
    with platform.act(SYSTEM) as act:
        services.mark_demo(act)
        services.add_authority(act, name="阳光招采演示认证中心", pem=authority.pem)
        units = {
            "tenderee": _unit(act, TENDERER.name, TENDERER.uscc),
            "purchaser": _unit(act, PURCHASER.name, PURCHASER.uscc),
            "agent": _unit(act, AGENT.name, AGENT.uscc),
            "centre": _unit(act, *CENTRE),
            "supervision": _unit(act, *SUPERVISION),
            "centre_it": _unit(act, "滨江新区数据服务中心", unified_social_credit_code("330100", "MB0TE5T7")),
        }
        for part in STAFF:
            held = services.register_person(act, login=part.login, name=part.name, organisation=units[part.unit])
            services.grant_role(act, held, part.role)
            if part.login in HOLDERS:
                _certify(act, cast, held)
        for login, name in PANEL:
            held = services.register_person(act, login=login, name=name, organisation=units["tenderee"])
            services.grant_role(act, held, Role.TENDEREE)
        for bidder in bidders():
            unit = _unit(act, bidder.name, bidder.uscc)
            held = services.register_person(act, login=bidder.key, name=bidder.contact, organisation=unit)
            services.grant_role(act, held, Role.BIDDER)
            _certify(act, cast, held)
        _fill_pool(act, at)
    _go_on_duty(cast)
    return cast


def duty_file(folder: Path) -> Path:
    """The file with the duty officer's key in a demo's folder."""
    return folder / "keys" / "duty.key"


def _go_on_duty(cast: Cast) -> None:
    """The officer makes a duty key, names it, and goes on duty: drawn names lie sealed to it until sign-in (R-323)."""
    identity = new_identity()
    held = KeyFile(identity, cast.platform.chance(SECRET_SIZE))
    write_private(duty_file(cast.folder), held.text().encode("ascii"))
    with cast.platform.act(cast.actor("officer")) as act:
        name_duty_key(act, recipient_of(identity))
        go_on_duty(act, identity)


def _unit(act: Act, name: str, identifier: str) -> Organisation:
    return services.register_organisation(act, name=name, identifier=identifier, region=REGION, evidence=EVIDENCE)


def _certify(act: Act, cast: Cast, held: Person) -> None:
    """The person makes keys in a folder of their own, with a backup; the authority certifies the public one."""
    own = cast.folder / "keys" / held.login
    identity = Keyring.create(own, cast.folder / "backups" / held.login).identity
    certificate = services.issue_certificate(act, held, authority=cast.authority, public_key=identity.public_key)
    identity.accept_certificate(certificate.pem)
    write_private(own / "own.p12", p12_of(identity.key_file, P12_PASSWORD))
    cast.identities[held.login] = identity


def _fill_pool(act: Act, at: datetime) -> None:
    rival = bidders()[0]
    last_year = at.replace(year=at.year - 1).date().isoformat()
    for code, login, name, specialities in EXPERTS:
        held = services.register_person(act, login=login, name=name, organisation=None)
        services.grant_role(act, held, Role.EXPERT)
        employers = [{"name": "江城大学", "identifier": None, "from": "2015-07-01", "until": None}]
        if code == CONFLICTED:
            employers = [{"name": rival.name, "identifier": rival.uscc, "from": "2018-03-01", "until": last_year}]
        add_expert(act, person=held, code=code, specialities=specialities, region=REGION, employers=employers)

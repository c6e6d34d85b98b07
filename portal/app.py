"""create_app: the only reader of configuration; puts platform, door, languages, pages and refusals together."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request
from flask_babel import Babel, get_locale  # type: ignore[import-untyped]
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]
from jinja2 import StrictUndefined, pass_context
from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from werkzeug.middleware.proxy_fix import ProxyFix

import accounts.access as access
from accounts.queries import check_locker, digest_of, is_demo
from bidding.routes.arrivals import Arrivals
from bidding.routes.short import ShortWay
from core.act import Platform
from core.carriers import Carrier, Gateway, Mail
from core.clock import GuardedClock
from core.db import Database
from core.errors import Conflict, Refusal
from core.forms import every
from core.ledger.cosignatures import Cosigner
from core.ledger.log import LedgerEntry, newest_head, platform_signer
from core.locker import secret_file
from core.outgoing import networks_of
from core.store import ObjectStore
from core.timestamps import Authority, read_roots
from core.trust import Trust
from experts.services.guests import admit_guest
from portal import errors, filters, queries, words
from portal.cli.language import CATALOGUES
from portal.lawbook import value_of
from portal.linking import finish_page
from portal.papers import paper_seal
from portal.standing import check_standing, journal_of
from portal.waiting import waiting_line
from portal.ways import ways_of
from portal.words.retelling import retold

ROOT = Path(__file__).resolve().parents[1]
BLUEPRINTS = ("accounts", "credit", "bidding", "opening", "experts", "awards", "collusion", "window", "portal")
LANGUAGES = ("zh", "en")
TEST_FLAGS = (
    "SUNBID_SEED",
    "SUNBID_TEST_CLOCK",
    "SUNBID_TEST_DEVICE",
    "FAKETIME",
    "FAKETIME_TIMESTAMP_FILE",
    "FLASK_DEBUG",
)


def default_folder() -> Path:
    """`$XDG_DATA_HOME/sunbid`, where the platform keeps everything unless told otherwise."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "sunbid"


class Settings(BaseSettings):
    """What an installation may set: environment `SUNBID_<NAME>`, or the TOML file that `SUNBID_CONFIG` names."""

    model_config = SettingsConfigDict(env_prefix="SUNBID_", extra="forbid")

    folder: Path = Field(default_factory=default_folder)
    database: str = ""
    origin: str = "http://localhost:8000"
    log_name: str = "sunbid.local"
    ledger_key: Path | None = None
    cookie_key: Path | None = None
    locker_key: Path | None = None
    demo: bool = False
    test: bool = False
    proxies: int = 0
    rate_storage: str = "memory://"
    rates: bool = True
    streams: int = 64
    beat_seconds: float = Field(default=15.0, gt=0)
    most_bytes: int = 128 * 1024 * 1024
    agent: str = "http://127.0.0.1:17650"
    passkeys: Literal["bound", "off"] = "bound"
    witnesses: list[str] = Field(default_factory=list)
    observers: list[str] = Field(default_factory=list)
    witness_patience: int = Field(default=300, ge=0)
    journal: Path | None = None
    witness_heads: list[str] = Field(default_factory=list)
    mail: str = ""
    mail_from: str = ""
    sms_gateway: str = ""
    voice_gateway: str = ""
    gateway_token: str = ""
    tsa: str = ""
    tsa_roots: Path | None = None
    stamp_seconds: int = Field(default=60, ge=1)
    ocds_prefix: str = Field(default="ocds-000000", pattern="^ocds-[a-z0-9]{6}$")
    own_networks: list[str] = Field(default_factory=list)
    config: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the TOML file."""
        given = tuple(named[name] for name in ("init_settings", "env_settings"))
        file = os.environ.get("SUNBID_CONFIG")
        return (*given, TomlConfigSettingsSource(settings_cls, Path(file))) if file else given

    @property
    def database_url(self) -> str:
        """The database by URL; SQLite in the folder unless told otherwise."""
        return self.database or f"sqlite:///{self.folder / 'sunbid.db'}"

    @property
    def trust(self) -> Trust:
        """The outside parties: keys of witnesses as C2SP spells them, the timestamping authority with its roots.

        Conflict("settings.tsa_roots") for an authority without roots: its answers could not be checked.
        """
        authority = None
        if self.tsa:
            if self.tsa_roots is None or not self.tsa_roots.is_file():
                raise Conflict("settings.tsa_roots", url=self.tsa, file=str(self.tsa_roots))
            authority = Authority(self.tsa, read_roots(self.tsa_roots.read_bytes()))
        return Trust(
            witnesses=tuple(map(Cosigner.parse, self.witnesses)),
            observers=tuple(map(Cosigner.parse, self.observers)),
            authority=authority,
            patience=timedelta(seconds=self.witness_patience),
            stamp_every=timedelta(seconds=self.stamp_seconds),
            networks=networks_of(self.own_networks),
        )

    @property
    def carriers(self) -> dict[str, Carrier]:
        """Who takes letters, by channel; a voice call becomes an SMS where only a gateway for those is set.

        Invalid("settings.mail") for an address of a mail server that cannot be read.
        """
        found: dict[str, Carrier] = {}
        if self.mail:
            found["mail"] = Mail.parse(self.mail, self.mail_from)
        if self.sms_gateway:
            found["sms"] = found["voice"] = Gateway(self.sms_gateway, self.gateway_token, "sms")
        if self.voice_gateway:
            found["voice"] = Gateway(self.voice_gateway, self.gateway_token, "voice")
        return found

    @property
    def secure(self) -> bool:
        """Whether browsers come over https, and so cookies carry Secure."""
        return self.origin.startswith("https://")


def build_platform(settings: Settings) -> Platform:
    """The platform of an installation: database by URL, data folder, ledger key; the clock never behind the ledger."""
    database = Database(settings.database_url, folder=settings.folder, locker_key=settings.locker_key)
    seed = secret_file(settings.ledger_key or settings.folder / "ledger.key")
    return Platform(
        database,
        ObjectStore(settings.folder / "objects"),
        GuardedClock(share=settings.folder / "authority.clock"),
        platform_signer(settings.log_name, seed),
        trust=settings.trust,
        journal=journal_of(settings.journal, settings.folder),
        carriers=settings.carriers,
    )


def check_settings(settings: Settings, platform: Platform) -> None:
    """Refuse to start where a demonstration or a test could touch what is real, or the reverse (PROOF T7, R20).

    Raises Conflict with settings.demo_database, settings.real_database, settings.test_flag, settings.test_name or
    settings.plain_http; locker.unreadable under a key that is not the database's: what was written then would lie under
    a second one, and neither would open all.
    """
    with platform.reading() as session:
        has_tables = queries.has_table(session, LedgerEntry)
        demo_database = has_tables and is_demo(session)
        if has_tables:
            check_locker(session)
    if settings.demo and not demo_database:
        raise Conflict("settings.real_database")
    if settings.demo or settings.test:
        return
    if demo_database:
        raise Conflict("settings.demo_database")
    flags = [name for name in TEST_FLAGS if os.environ.get(name)] + ([] if settings.rates else ["SUNBID_RATES"])
    if flags:
        raise Conflict("settings.test_flag", flags=flags)
    name = platform.signer.verifier.name
    if name.endswith((".test", ".demo", ".example", ".invalid")):
        raise Conflict("settings.test_name", name=name)
    if not settings.secure and urlsplit(settings.origin).hostname not in ("localhost", "127.0.0.1", "::1"):
        raise Conflict("settings.plain_http", origin=settings.origin)


def create_app(settings: Settings | None = None, platform: Platform | None = None) -> Flask:
    """The whole site over `platform`, or over one built from the settings."""
    settings = settings or Settings()
    platform = platform or build_platform(settings)
    check_settings(settings, platform)
    for silent in check_standing(platform, settings.witness_heads):
        logging.getLogger("sunbid.standing").warning("a witness could not be asked: %s", silent)
    if platform.seal is None:
        platform.seal = paper_seal(platform, settings.folder, settings.log_name)
    app = Flask("portal", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    # Filters speak the reader's language: a word computed while a page is compiled would keep the first reader's.
    app.jinja_options = {**app.jinja_options, "optimized": False, "finalize": _when_asked}
    app.config.update(
        SECRET_KEY=secret_file(settings.cookie_key or settings.folder / "cookie.key"),
        TESTING=settings.test,
        # Never let an error pass as a traceback page or an exception to the server: answers are made in one place.
        PROPAGATE_EXCEPTIONS=False,
        MAX_CONTENT_LENGTH=settings.most_bytes,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=5000,
        SESSION_COOKIE_NAME="__Host-sunbid-form" if settings.secure else "sunbid-form",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        TRUSTED_HOSTS=None if settings.test else _trusted_hosts(settings),
        WTF_CSRF_CHECK_DEFAULT=False,
        # The door compares origins itself, and a form may stay open for hours before a deadline.
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_TRANSLATION_DIRECTORIES=str(CATALOGUES),
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = False
    app.extensions["sunbid.settings"] = settings
    app.extensions["sunbid.platform"] = platform
    Babel(app, locale_selector=chosen_language)
    CSRFProtect(app)
    door = access.Door(
        platform,
        settings.origin.rstrip("/"),
        settings.secure,
        settings.demo,
        settings.agent,
        admit_guest,
        settings.passkeys == "bound",
    )
    access.install(app, door)
    app.extensions["sunbid.arrivals"] = Arrivals(app.wsgi_app, platform, ShortWay(app, door))
    app.wsgi_app = app.extensions["sunbid.arrivals"]  # type: ignore[method-assign]
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.after_request(_keep_language)
    app.after_request(finish_page)
    filters.register(app)
    app.jinja_env.filters.update(
        code_sentence=lambda code: words.sentence(Refusal(code)),
        actor_word=words.actor_word,
        kind_word=words.kind_word,
        ledger_line=ledger_line,
        sentence=said,
        state_word=words.state_word,
        own_word=words.own_word,
        rule_value=value_of,
        retold=retold,
    )
    app.context_processor(page_context)
    errors.register(app)
    for package in BLUEPRINTS:
        register_blueprint(app, package)
    _apply_limits(app, settings)
    return app


@pass_context
def _when_asked(_context: object, value: object) -> object:
    """The value as it is: that it takes the context keeps Jinja from computing outputs while compiling."""
    return value


def register_blueprint(app: Flask, package: str) -> None:
    """Put a package's pages on the site."""
    app.register_blueprint(importlib.import_module(f"{package}.routes").blueprint, url_prefix="/")


def _trusted_hosts(settings: Settings) -> list[str]:
    host = urlsplit(settings.origin).netloc
    return [host, "localhost", "127.0.0.1"] if not settings.secure else [host]


def _apply_limits(app: Flask, settings: Settings) -> None:
    """Wrap the views that asked for rate limits; counters live in memory, which fits one process of many threads."""
    limiter = Limiter(
        _address, app=app, storage_uri=settings.rate_storage, headers_enabled=True, enabled=settings.rates
    )
    app.extensions["sunbid.limiter"] = limiter  # its wrappers only refer to it weakly
    keys: dict[str, Callable[[], str]] = {"address": _address, "token": _token, "caller": _caller}
    for endpoint, view in app.view_functions.items():
        wrapped: Any = view
        for rates, by, reads in getattr(view, "__limits__", []):
            methods = None if reads else ["POST", "PATCH", "PUT", "DELETE"]
            wrapped = limiter.limit(rates, key_func=keys.get(by) or _field(by), methods=methods)(wrapped)
        app.view_functions[endpoint] = wrapped


def _address() -> str:
    return request.remote_addr or "nobody"


def _token() -> str:
    return digest_of(
        request.headers.get("Authorization") or request.cookies.get(access.door().cookie, "") or _address()
    )


def _caller() -> str:
    """Whoever the door has recognised by a bearer, else the address: what anybody may make up counts for nothing."""
    person = access.current_person()
    return f"person:{person.id}" if person is not None else _address()


def _field(name: str) -> Callable[[], str]:
    def key() -> str:
        return f"{name}:{request.form.get(name, '').strip().lower()[:80]}"

    return key


def chosen_language() -> str:
    """`?lang=`, then the cookie, then Accept-Language; Chinese where nothing is said."""
    for said in (request.args.get("lang"), request.cookies.get("lang")):
        if said in LANGUAGES:
            return str(said)
    return request.accept_languages.best_match(LANGUAGES, default="zh") or "zh"


def _keep_language(response: Any) -> Any:
    said = request.args.get("lang")
    if said in LANGUAGES and request.cookies.get("lang") != said:
        response.set_cookie("lang", said, max_age=31536000, samesite="Lax", httponly=True, secure=access.door().secure)
    return response


def page_context() -> dict[str, Any]:
    """What every template has: reader, language, instant, navigation, the newest signed head of the ledger."""
    person = access.current_person()
    context: dict[str, Any] = {
        "now": access.instant_now(),
        "locale": get_locale(),
        "csp_nonce": g.get("csp_nonce", ""),
        "current_person": person,
        "actor": access.current_actor(),
        "nav": queries.navigation(current_app, access.current_actor(), request.path),
        "demo_roles": [],
        "demo_desk": current_app.extensions.get("sunbid.demo"),
        "error_of": error_of,
        "waiting_line": waiting_line,
        "ways_of": ways_of,
        "alarms": queries.alarms(access.door().platform, access.current_actor()),
    }
    with access.reading() as session:
        head = newest_head(session)
        if head is not None:
            context["ledger_head"] = {"size": head.size, "at": head.signed_at, "root": head.root}
        if access.door().demo:
            context["demo_roles"] = queries.demo_roles(session, person)
    return context


def said(error: Any) -> str:
    """What an error summary shows for a refusal, or for anything else with a `message`."""
    if isinstance(error, Refusal):
        return words.sentence(error)
    return str(error["message"] if isinstance(error, dict) else error.message)


def ledger_line(entry: LedgerEntry) -> dict[str, Any]:
    """A ledger entry for `ui.audit_timeline`, with the actor its facts name."""
    facts = entry.facts if isinstance(entry.facts, dict) else {}
    actor = words.actor_word(str(facts.get("actor", "")))
    return {"at": entry.at, "text": words.kind_word(entry.kind), "actor": actor, "hash": entry.digest}


def error_of(errors: list[Any], field: str) -> str | None:
    """The sentence of the first error on that field, for `ui.field(error=…)`; None where there is none."""
    return next((said(error) for error in every(errors) if getattr(error, "field", None) == field), None)

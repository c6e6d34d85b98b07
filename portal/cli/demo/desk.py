"""The demo's own pages: what stands where, and each account's keys and papers, which in life lie on its own machine."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Blueprint, Flask, Response, render_template, send_file

from accounts.access import current_person, door, public, reading, signed_in
from accounts.queries import people, roles_anywhere
from accounts.rules import Role
from bidding.cli.draft import DRAFT_FILE
from core.errors import Conflict, Forbidden, Missing
from core.seal.keyfile import KeyFile
from opening.cli.keyring import Keyring
from portal.cli.demo.cast import KEYS_PASSPHRASE
from portal.cli.demo.guide import kept
from portal.cli.demo.papers.criteria import PROJECT_NAME
from portal.cli.demo.story import NAME, SECTION
from portal.queries import ROLE_WORDS
from portal.words import demo as words


@dataclass(frozen=True)
class Desk:
    """What every page of a demo's site may say of the demo."""

    folder: Path
    passphrase: str = KEYS_PASSPHRASE
    words: ModuleType = words

    def tenders(self) -> list[dict[str, Any]]:
        """The tenders that stand, with the places of their people."""
        return kept(self.folder)

    def names(self) -> Mapping[str, Any]:
        """What the role switch calls each account."""
        return names()

    def drafts(self, login: str) -> list[str]:
        """For which sections this account has written a draft."""
        found: list[str] = own_papers(self.folder, login)["drafts"]
        return found


def open_desk(app: Flask, folder: Path) -> None:
    """From here on the app has the demo's pages over what lies in `folder`.

    Conflict("settings.real_database") for a site that is no demo: it never gets them.
    """
    if not app.extensions["sunbid.settings"].demo:
        raise Conflict("settings.real_database")
    blueprint = Blueprint("demo", __name__)

    @blueprint.get("/demo")
    @public
    def guide() -> str:
        """Every tender that stands, its stage, and one button for each account that finds something to do."""
        person = current_person()
        return render_template(
            "portal/demo.html",
            tenders=kept(folder),
            names=names(),
            words=words,
            own=own_papers(folder, person.login) if person else {},
            person=person,
            passphrase=KEYS_PASSPHRASE,
            folder=folder,
            whole={"section": SECTION, "title": PROJECT_NAME + NAME},
        )

    @blueprint.get("/demo/keys.age")
    @signed_in
    def own_keys() -> Response:
        """The account's keys as the backup its holder would have."""
        return handed(keyring(folder).identity.key_file, f"{own_login()}.age")

    @blueprint.get("/demo/keys/<section>.age")
    @signed_in
    def section_key(section: str) -> Response:
        """A trustee's key of one section as the backup its holder would have."""
        held = keyring(folder)
        file = KeyFile(identity=held.key_of(section), secret=held.secret_of(section), section=section)
        return handed(file, f"{own_login()}-{section}.age")

    @blueprint.get("/demo/drafts/<section>.zip")
    @signed_in
    def draft(section: str) -> Response:
        """The papers a bidder has written for a section, as the draft the preparing page takes in."""
        if section not in own_papers(folder, own_login())["drafts"]:
            raise Missing("section.unknown", section=section)
        base, out = folder / "bidders" / own_login() / section / "papers", io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
            for file in sorted(base.rglob("*")):
                if file.is_file():
                    package.write(file, file.relative_to(base).as_posix())
        return given(out.getvalue(), f"{own_login()}-{section}.zip")

    app.register_blueprint(blueprint)
    app.extensions["sunbid.demo"] = Desk(folder)


def names() -> Mapping[str, Any]:
    """What the role switch calls each account."""
    with reading() as session:
        found = {}
        for person in people(session):
            roles = sorted(roles_anywhere(session, person.id), key=list(Role).index)
            if roles:
                found[person.login] = f"{ROLE_WORDS[roles[0]]} · {person.name}"
        return found


def own_login() -> str:
    """Who is here."""
    person = current_person()
    if person is None or not door().demo:
        raise Forbidden("signin.required")
    return str(person.login)


def keyring(folder: Path) -> Keyring:
    """The keys of whoever is here; Missing where this account has none."""
    place = folder / "keys" / own_login()
    if not place.is_dir():
        raise Missing("key.missing", folder=str(place))
    return Keyring(place)


def own_papers(folder: Path, login: str) -> dict[str, Any]:
    """Whether the account has keys, of which sections it holds one, and for which it has written a draft."""
    place, bids = folder / "keys" / login, folder / "bidders" / login
    standing = [tender["section"] for tender in kept(folder)]
    return {
        "keys": (place / "own.p12").exists(),
        "sections": [code for code in standing if (place / "sections" / f"{code}.age").exists()],
        "drafts": [code for code in standing if (bids / code / "papers" / DRAFT_FILE).exists()],
    }


def handed(held: KeyFile, name: str) -> Response:
    """A backup to be saved."""
    return given(held.wrapped(KEYS_PASSPHRASE), name)


def given(content: bytes, name: str) -> Response:
    """A file to be saved."""
    answer: Response = send_file(
        io.BytesIO(content), mimetype="application/octet-stream", as_attachment=True, download_name=name
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer

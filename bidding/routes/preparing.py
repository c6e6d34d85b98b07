"""The bidder's draft in the page, and what its programs are given: requirements, sentences, their own fingerprints."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template
from flask_babel import get_locale
from sqlalchemy.orm import Session

from accounts.access import door, instant_now, reading, requires
from accounts.rules import Role
from bidding import queries
from bidding.models import Section
from bidding.routes.bill import preparation_of
from bidding.routes.blueprint import blueprint, frame_of
from bidding.rules.sentences import book
from core.fingerprints import module_graph, served_code


@blueprint.get("/bid/<code>/prepare")
@requires(Role.BIDDER)
def prepare_bid(code: str) -> str:
    """Prepare a bid: tasks, files, price, clause links. Everything stays in the browser; afterwards it can be read."""
    with reading() as session:
        section = queries.section(session, code)
        return render_template("bidding/prepare_bid.html", **preparing(session, section, "prepare"))


def preparing(session: Session, section: Section, page: str) -> dict[str, Any]:
    """What the pages with a bidder's draft show and give to their programs; `page` names the entry in static/seal."""
    preparation = preparation_of(session, section)
    deadline = queries.standing_deadline(section, instant_now())
    language = "en" if str(get_locale()) == "en" else "zh"
    (bond,) = [step for task in preparation["tasks"] for step in task["steps"] if step["check"] == "choice"]
    hidden = {one["name"] for one in section.envelopes if one["anonymous"]}
    served = served_code(current_app.static_folder or "")
    return {
        "preparation": preparation,
        "sentences": {code: spoken[language] for code, spoken in book().items()},
        "bond_forms": bond["options"],
        "envelopes": [
            {
                "name": name,
                "slots": [slot for slot in preparation["slots"] if slot["envelope"] == name],
                "anonymous": name in hidden,
            }
            for name in preparation["envelopes"]
        ],
        "replaced": queries.replacements(session, section),
        "is_open": section.state in queries.RECEIVING and deadline > instant_now(),
        "deadline": deadline,
        "origin": door().origin,
        "integrity": {file.path: file.sha384 for file in module_graph(served, f"/static/seal/{page}.js")},
        **frame_of(session, section),
    }

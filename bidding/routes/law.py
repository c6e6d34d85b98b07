"""The rules as configured, for everybody: what each procedure demands, by which article, how far it was verified."""

from __future__ import annotations

from flask import render_template, request

from accounts.access import instant_now, public
from bidding.routes.blueprint import blueprint
from bidding.rules.law import CATEGORIES, PROCEDURES, REGIMES, law_on
from core.calendar import day_of

SHOWN = (
    "allowed",
    "grounds",
    "public_tender_from",
    "simple_below",
    "invitation",
    "invitees_min",
    "media",
    "issue_to_deadline_min",
    "doc_available_min",
    "notice_period_min",
    "clarify_before_deadline",
    "doc_objection_before",
    "challenge_within",
    "objection_answer",
    "bond_max_pct",
    "bond_max_yuan",
    "bond_forms",
    "min_bidders_open",
    "too_few_then",
    "prices_read",
    "rounds",
    "evaluation_methods",
    "price_weight_min",
    "price_weight_max",
    "committee_min",
)
"""The keys of the table, in the order of a tender's life."""


@blueprint.get("/procedures")
@public
def procedures() -> str:
    """One regime's and category's rules in force today, for every procedure; the choice stands in the address."""
    regime = request.args.get("regime", "T")
    category = request.args.get("category", "works")
    regime = regime if regime in REGIMES else "T"
    category = category if category in CATEGORIES else "works"
    on = day_of(instant_now())
    laws = {name: law_on(regime, on, procedure=name, category=category) for name in PROCEDURES}
    return render_template(
        "bidding/procedures.html",
        regime=regime,
        category=category,
        regimes=REGIMES,
        categories=CATEGORIES,
        laws=laws,
        shown=SHOWN,
        on=on,
    )

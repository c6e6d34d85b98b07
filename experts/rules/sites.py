"""The sites of a remote evaluation: one host site (主场), guest sites (副场), each with place and witness (R-341)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import Invalid

HOST = "S1"
MOST_SITES = 6


def check_sites(rows: Sequence[Mapping[str, str]], partners: Sequence[str]) -> list[dict[str, Any]]:
    """The sites as they are kept, the host site first: {code, name, region, place, witness, partner}.

    `partner` is the code of the partner platform whose experts sit there, or nothing. Invalid: sites.few (fewer than
    two), sites.many, sites.same (a name twice), sites.partner (unknown, named twice, or of the host site),
    form.required naming the field.
    """
    if not len(rows) >= 2:
        raise Invalid("sites.few", field="name-2")
    if len(rows) > MOST_SITES:
        raise Invalid("sites.many", field="name-1", most=MOST_SITES)
    found: list[dict[str, Any]] = []
    for number, row in enumerate(rows, 1):
        for name in ("name", "place", "witness"):
            if not row.get(name, "").strip():
                raise Invalid("form.required", field=f"{name}-{number}")
        partner = row.get("partner", "")
        taken = [one["partner"] for one in found]
        if partner and (partner not in partners or partner in taken or number == 1):
            raise Invalid("sites.partner", field=f"partner-{number}")
        if row["name"].strip() in [one["name"] for one in found]:
            raise Invalid("sites.same", field=f"name-{number}", name=row["name"].strip())
        found.append(
            {
                "code": f"S{number}", "name": row["name"].strip(), "region": row.get("region", "").strip(),
                "place": row["place"].strip(), "witness": row["witness"].strip(), "partner": partner,
            }
        )  # fmt: skip
    return found


def site_for(sites: Sequence[Mapping[str, Any]], partner: str) -> str:
    """The code of the site where a partner's expert (or, with no partner, one of ours) sits unless moved."""
    return next((str(one["code"]) for one in sites if partner and one["partner"] == partner), HOST)

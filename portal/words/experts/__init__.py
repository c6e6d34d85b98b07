"""Words of experts, by noun: refusals, states, reasons of the draw, what the ledger calls each step."""

from __future__ import annotations

from portal.words.experts import committee, discipline, evaluation, pools

SENTENCES = pools.SENTENCES | committee.SENTENCES | evaluation.SENTENCES | discipline.SENTENCES
STATES = pools.STATES | committee.STATES | evaluation.STATES | discipline.STATES
KINDS = pools.KINDS | committee.KINDS | evaluation.KINDS | discipline.KINDS
OWN = evaluation.OWN

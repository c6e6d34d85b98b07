"""Words of bidding, by noun: refusals, states, kinds of notices and ledger entries."""

from __future__ import annotations

from portal.words.bidding import notices, procedures, sections, submissions

SENTENCES = notices.SENTENCES | procedures.SENTENCES | sections.SENTENCES | submissions.SENTENCES
STATES = notices.STATES | procedures.STATES | sections.STATES | submissions.STATES
KINDS = notices.KINDS | sections.KINDS | submissions.KINDS
OWN = sections.OWN

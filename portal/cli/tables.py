"""Imports every floor's tables, so that the metadata is whole."""

import accounts.models
import awards.models
import bidding.models
import collusion.models
import core.board
import core.draw.record
import core.ledger.log
import core.ledger.vouching
import core.outbox
import credit.models
import experts.models
import opening.models
import window.models

__all__ = ["accounts", "awards", "bidding", "collusion", "core", "credit", "experts", "opening", "window"]

"""`sunbid trustee` and `sunbid opening`: key holders' and bidders' own programs; no server code, no database."""

from opening.cli.backup import backup  # its commands join the group
from opening.cli.bidder import opening
from opening.cli.holder import trustee

__all__ = ["backup", "opening", "trustee"]

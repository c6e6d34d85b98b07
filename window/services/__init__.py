"""What the window writes: trades of this platform, tables of earlier ones, and the sums kept of both."""

from window.services.trades import import_trades, record_section

__all__ = ["import_trades", "record_section"]

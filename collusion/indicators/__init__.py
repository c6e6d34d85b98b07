"""One indicator per file, each exporting `INDICATOR`; the contract is `collusion.rules.evidence.Indicator`."""

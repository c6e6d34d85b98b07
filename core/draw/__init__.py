"""The one verifiable draw: experts, coefficients, ties and lots all come from here."""

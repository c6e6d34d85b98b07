"""The shipped Chinese face for PDFs, its character list, its builder and its licence."""

"""Accounts: people, organisations, roles and certificates, and the door everyone comes through."""

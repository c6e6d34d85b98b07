"""Pure rules on who somebody is: codes and roles, certificates, ways to sign in."""

from accounts.rules.certificates import CertificateFacts, SmallAuthority, check_certificate, verify_signature
from accounts.rules.identity import (
    EXCLUSIVE,
    Role,
    check_uscc,
    clashing_roles,
    inner_check,
    normalise_uscc,
    outer_check,
)
from accounts.rules.signing_in import changes_passkeys, is_confirmed, is_strong, login_message

__all__ = [
    "EXCLUSIVE",
    "CertificateFacts",
    "Role",
    "SmallAuthority",
    "changes_passkeys",
    "check_certificate",
    "check_uscc",
    "clashing_roles",
    "inner_check",
    "is_confirmed",
    "is_strong",
    "login_message",
    "normalise_uscc",
    "outer_check",
    "verify_signature",
]

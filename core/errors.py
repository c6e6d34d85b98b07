"""The refusals: every way Sunbid says no, each with a stable code and its facts."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """The act was refused and nothing changed; `code` ("noun.reason") and `facts` say why.

    `portal.errors` turns a refusal into a page or a problem document in the reader's language.
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code} {self.facts}" if self.facts else self.code


class Invalid(Refusal):
    """The input breaks a rule; `field` names where, when it came from a form or a file.

    `others`: further faults of the same input, where all were looked for.
    """

    def __init__(self, code: str, *, field: str | None = None, **facts: Any) -> None:
        super().__init__(code, **facts)
        self.field = field
        self.others: list[Invalid] = []

    def at(self, field: str) -> Invalid:
        """The same, said of the field it came from, where what refused knew no form."""
        self.field = self.field or field
        return self


class Forbidden(Refusal):
    """The actor's role does not allow this act."""


class Missing(Refusal):
    """No such thing, or not the actor's: both get this same answer."""


class Conflict(Refusal):
    """The thing is in a state that does not allow this move."""


class Untimely(Refusal):
    """The act comes too early or too late."""

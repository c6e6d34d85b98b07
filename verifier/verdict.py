"""The verdict: one line for each claim, and the case that the claims are checked on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .canonical import Wrong, exactly, need, whole
from .container import Archive
from .notes import Key


@dataclass(frozen=True)
class Problem:
    """Something touched: where, and what is wrong there."""

    where: str
    zh: str
    en: str


@dataclass
class Findings:
    """What a claim's check has found wrong."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, where: str, zh: str, en: str) -> None:
        """Record one problem."""
        self.problems.append(Problem(where[:120], zh[:300], en[:300]))

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """Whatever goes wrong inside is a problem of this place; malformed data is a problem like any other."""
        try:
            yield
        except Wrong as wrong:
            self.add(where, wrong.zh, wrong.en)
        except Exception as error:  # the archive is hostile input: its shape may break any step
            what = f"{type(error).__name__} {error}"
            self.add(where, f"格式不符（{what}）", f"malformed ({what})")


@dataclass(frozen=True)
class Line:
    """One line of the verdict."""

    check: str
    title: str
    zh: str
    en: str
    problems: list[Problem]

    @property
    def holds(self) -> bool:
        """Whether the claim holds."""
        return not self.problems

    def text(self) -> str:
        """Mark, Chinese / English."""
        zh, en = self.zh, self.en
        if self.problems:
            shown, more = self.problems[:3], len(self.problems) - 3
            zh = "；".join(f"{p.where}：{p.zh}" for p in shown) + (f"；另 {more} 处" if more > 0 else "")
            en = "; ".join(f"{p.where}: {p.en}" for p in shown) + (f"; {more} more" if more > 0 else "")
        line = f"{'✓' if self.holds else '✗'} {self.title}：{zh} / {self.check}: {en}"
        return "".join(c if c.isprintable() else "?" for c in line)

    def record(self) -> dict[str, Any]:
        """The line as JSON."""
        problems = [{"where": p.where, "zh": p.zh, "en": p.en} for p in self.problems]
        return {"check": self.check, "holds": self.holds, "zh": self.zh, "en": self.en, "problems": problems}


def is_read(bid: dict[str, Any]) -> bool:
    """Whether a bid's identity was read as its bidder sealed it."""
    codes = [str(fault["code"]) for fault in bid["faults"]]
    return not any(code == "identity.unreadable" or code.startswith("seal.") for code in codes)


@dataclass
class Case:
    """An archive with the key it is to be judged by."""

    archive: Archive
    key: Key | None

    def platform(self) -> Key:
        """The platform key: the one given, else the archive's own."""
        named = "export.json" if self.archive.is_export else "manifest.json"
        return self.key or Key.read(self.archive.json(named)["platform_key"])

    @property
    def section(self) -> str:
        """The section's code, as the manifest says it."""
        section = self.archive.json("manifest.json")["section"]
        need(isinstance(section, str) and section, "标段号不对", "bad section")
        return str(section)

    def ledger(self) -> dict[str, Any]:
        """`ledger.json`."""
        return exactly(self.archive.json("ledger.json"), ("checkpoint", "closing", "consistency", "entries"))

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """The told entries."""
        entries = self.ledger()["entries"]
        held = isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)
        need(held, "ledger.json entries 不是对象列表", "ledger.json: entries is not a list of objects")
        return list(entries)

    @cached_property
    def places(self) -> dict[int, dict[str, Any]]:
        """The told entries by their index."""
        return {whole(entry.get("index")): entry for entry in self.entries}

    def entry(self, index: object) -> dict[str, Any]:
        """The told entry of this index."""
        entry = self.places.get(whole(index))
        if entry is None:
            raise Wrong(f"日志第 {index} 条不在档", f"ledger entry {index} is not told")
        return entry

    def told(self, kind: str, subject: str) -> list[dict[str, Any]]:
        """The told entries of a kind about a subject, in the ledger's order."""
        return [e for e in self.entries if e.get("kind") == kind and e.get("subject") == subject]

    def only(self, kind: str, subject: str) -> dict[str, Any]:
        """The one told entry of a kind about a subject."""
        found = self.told(kind, subject)
        need(len(found) == 1, f"日志中 {kind} 有 {len(found)} 条而非一条", f"{len(found)} told {kind} instead of one")
        return found[0]

    @cached_property
    def later(self) -> list[str]:
        """The envelopes that the tender's notice keeps sealed for a second sitting."""
        notices = self.told("notice.tender", f"section:{self.section}")
        told = notices[0]["facts"]["content"].get("envelopes", []) if notices else []
        return [one["envelope"] for one in told if one["opens"] == "second"]

    @cached_property
    def anonymous(self) -> list[str]:
        """The envelopes whose author the tender's notice hides until they are scored."""
        notices = self.told("notice.tender", f"section:{self.section}")
        told = notices[0]["facts"]["content"].get("envelopes", []) if notices else []
        return [one["envelope"] for one in told if one.get("anonymous")]

    @cached_property
    def consortia(self) -> dict[int, list[dict[str, Any]]]:
        """The members of each bid's consortium as published with the names, by the bid's number; empty: bids alone."""
        bids = self.archive.rows("bids.json")
        return {whole(bid["number"]): (bid["identity"].get("consortium") or []) if is_read(bid) else [] for bid in bids}

    def opened(self) -> list[dict[str, Any]]:
        """The bids that were opened."""
        states = ("opened_by_bidder", "opened_by_trustees", "opened_from_backup", "rejected")
        return [bid for bid in self.archive.rows("bids.json") if bid.get("state") in states]

"""The claim about the round before final offers: the file tells it whole, and it is recounted as the last round is."""

from typing import Any

from .canonical import exactly, need, same
from .claims_bids import closing, identities, originals, submissions
from .claims_course import lived
from .claims_ledger import Said, entries, heads, notices, policies
from .claims_trust import trust
from .container import Archive
from .verdict import Case, Findings

MEMBER = "first_round.json"
PARTS = ("section", "project", "policies", "notices", "documents", "questions", "submissions", "opening", "bids",
         "reports", "ledger", "trust")  # fmt: skip
CLAIMS = (heads, entries, trust, policies, notices, submissions, closing, lived, identities, originals)


class Round(Archive):
    """The archive as the file of its first round: that round's members, the same objects."""

    def __init__(self, whole: Archive, told: dict[str, Any]) -> None:
        manifest = whole.json("manifest.json")
        self.path, self.order, self.faults = whole.path, whole.order, []
        self.members = {path: held for path, held in whole.members.items() if path.startswith("objects/")}
        self._json = {f"{name}.json": value for name, value in told.items() if name != "section"}
        self._json["manifest.json"] = {**manifest, "section": told["section"]}


def first_round(case: Case, out: Findings) -> Said:
    """Final offers are told with the round they follow; all that is claimed of a round holds of it."""
    calls = case.told("notice.final_offers", f"section:{case.section}")
    with out.at(MEMBER):
        need(
            (MEMBER in case.archive.members) == bool(calls), "首轮响应应在而不在，或不应有", "missing, or out of place"
        )
    if not calls or out.problems:
        return "一轮", "one round"
    with out.at(MEMBER):
        said = exactly(case.archive.json(MEMBER), PARTS)
        first = Case(Round(case.archive, said), case.key)
        codes = (calls[0]["facts"]["content"]["first_round"], first.archive.json("project.json")["section"]["code"])
        need(codes == (said["section"], said["section"]), "首轮是另一标段", "it is of another section")
        held = same(first.ledger()["checkpoint"], case.ledger()["checkpoint"])
        need(held, "首轮的日志头不是归档日志头", "told under another head")
        zh = en = ""
        for claim in CLAIMS:
            with out.at(f"{MEMBER} {claim.__name__}"):
                found = claim(first, out)
                if claim is lived:
                    zh, en = found
        called = first.only("section.call_final", f"section:{first.section}")
        need(called["facts"]["final"] == case.section, "首轮之后的是另一轮", "another round follows it")
        opened = {bid["identifier"] for bid in first.opened()}
        for bid in case.opened():
            where = f"{bid.get('number')}"
            need(bid["identifier"] in opened, f"{where} 号首轮未开启", f"bid {where} was not opened in the first round")
        count = len(first.archive.rows("submissions.json"))
        return (
            f"两轮，首轮 {count} 次递交，{len(opened)} 份开启，均可重算；{zh}",
            f"two rounds: {count} submissions in the first, {len(opened)} opened, all recounted; {en}",
        )
    return "", ""

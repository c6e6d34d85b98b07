"""Claims about contracts: as told, the winner's own offer in substance, signed by certificates of both parties."""

from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ObjectIdentifier, load_pem_x509_certificate

from .canonical import need, same, unbase64
from .claims_ledger import Said
from .verdict import Case, Findings

FIXED = ("subject", "price_fen", "duration_days", "quality", "manager")
IDENTIFIER = ObjectIdentifier("2.5.4.97")


def contracts(case: Case, out: Findings) -> Said:
    """As archive.md says under contracts."""
    rows = case.archive.rows("contracts.json") if "contracts.json" in case.archive.members else []
    signed = 0
    with out.at("contracts.json"):
        names = [f"contract:{case.section}:{row['number']}" for row in rows]
        told = [entry["subject"] for entry in case.entries if entry.get("kind") == "contract.propose"]
        need(same(names, told), "合同与日志所载不同", "the contracts are not those the ledger tells")
        for row, name in zip(rows, names, strict=True):
            with out.at(name):
                signed += one(case, row, name)
    return f"{len(rows)} 稿，签订 {signed} 份", f"{len(rows)} versions, {signed} concluded"


def one(case: Case, row: dict[str, Any], name: str) -> int:
    """One version; 1 where it was concluded."""
    fact = case.only("contract.propose", name)["facts"]
    parts = ("bid", "offer", "terms", "pdf_sha256", "due_at")
    need(same([row[part] for part in parts], [fact[part] for part in parts]), "与日志不同", "not as it was put up")
    case.archive.has(row["pdf_sha256"])
    need(row["state"] in ("void", "concluded", "completed", "terminated"), "仍在签名", "it is still being signed")
    events = [[e["number"], e["kind"], e["text"], e["amount_fen"], [f["sha256"] for f in e["files"]]]
              for e in row["events"]]  # fmt: skip
    told = [[e["facts"][part] for part in ("number", "event", "text", "amount_fen", "files")]
            for e in case.told("contract.event", name)]  # fmt: skip
    need(same(events, told), "履约记录与日志不同", "the events are not those told")
    for file in (file for event in row["events"] for file in event["files"]):
        case.archive.has(file["sha256"])
    if row["state"] == "void":
        return 0
    need(same(row["bid"], case.archive.json("award.json")["winner"]), "不是中标人的合同", "not the winner's")
    bid = next(bid for bid in case.archive.rows("bids.json") if bid["number"] == row["bid"])
    offered = {"price_fen": bid["price_fen"]}
    offered |= {part: bid["schedule"][part] for part in FIXED if part in (bid["schedule"] or {})}
    need(all(same(row["offer"][part], value) for part, value in offered.items()), "与投标文件不同", "not what was bid")
    need(
        all(same(row["terms"][part], row["offer"][part]) for part in FIXED), "实质性内容被改变", "substance was changed"
    )
    parties = {"tenderee": case.archive.json("project.json")["tenderee"]["identifier"], "winner": bid["identifier"]}
    parties |= {f"member:{place}": one["uscc"] for place, one in enumerate(case.consortia[row["bid"]][1:], 2)}
    held = sorted(signature["party"] for signature in row["signatures"])
    need(held == sorted(parties), "签名不齐", "a signature is missing")
    for signature in row["signatures"]:
        check(signature, bytes.fromhex(row["pdf_sha256"]), parties[signature["party"]])
    fact = case.only("contract.conclude", name)["facts"]
    said = [{part: signature[part] for part in ("party", "signature", "at")} for signature in row["signatures"]]
    need(
        same([fact["pdf_sha256"], fact["signatures"]], [row["pdf_sha256"], said]),
        "签订与日志不同",
        "concluded otherwise",
    )
    ends = [e["facts"] for kind in ("contract.complete", "contract.terminate") for e in case.told(kind, name)]
    told_ends = [[end["to"], end["ending"]] for end in ends]
    over = [] if row["state"] == "concluded" and row["ending"] is None else [[row["state"], row["ending"]]]
    need(same(told_ends, over), "结束与日志不同", "it ended otherwise than told")
    return 1


def check(signature: dict[str, Any], digest: bytes, identifier: str) -> None:
    """The signature is by a certificate that names the party."""
    certificate = load_pem_x509_certificate(str(signature["certificate"]).encode())
    public = certificate.public_key()
    made = isinstance(public, EllipticCurvePublicKey)
    try:
        if isinstance(public, EllipticCurvePublicKey):
            public.verify(unbase64(signature["signature"]), b"sunbid-contract/v1\n" + digest, ECDSA(SHA256()))
    except InvalidSignature:
        made = False
    named = [str(part.value) for part in certificate.subject.get_attributes_for_oid(IDENTIFIER)]
    need(made and named == [identifier], "签名不成立", "a signature does not hold")

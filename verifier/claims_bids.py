"""Claims about what was handed in and what it held: submissions, closing, identities, originals."""

from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ObjectIdentifier, load_pem_x509_certificate
from cryptography.x509.oid import NameOID

from .age import decrypt, read_identity, read_recipient
from .canonical import Wrong, canonical, digest, exactly, instant, need, read_json, same, sha256, unbase64, unhex, whole
from .claims_ledger import LEAF, Said, soon
from .container import Region
from .notes import Key, open_head
from .sealed import Plain, check_submission, leaf_commitment, read_inner
from .tree import includes, root
from .verdict import Case, Findings, is_read

RECEIPT = ("type", "section", "kind", "submission_digest", "leaf_commitment", "received_at", "leaf", "leaf_index",
           "checkpoint", "inclusion_proof", "platform_key", "signature")  # fmt: skip
ROW = ("submission", "digest", "identity", "leaf_commitment", "leaf_index", "received_at", "state", "receipt")
SCHEDULE = "files/schedule/schedule.json"
IDENTITY = ("sunbid-identity/v1", "sunbid-identity/v2")
FACTS = ("bidder", "operator", "bond", "prepared_at", "consortium")
MOST_WAIT = timedelta(minutes=10)
"""How long a commit may have waited, from its last byte to its place in the log."""


def _name(row: dict[str, Any], key: str = "digest") -> str:
    return str(row.get(key))[:12]


def _policies(case: Case) -> dict[str, dict[str, Any]]:
    return {str(row["digest"]): row["content"] for row in case.archive.rows("policies.json")}


def _receipt(row: dict[str, Any], key: Key) -> None:
    receipt = exactly(row["receipt"], RECEIPT)
    rest = {name: value for name, value in receipt.items() if name != "signature"}
    need(receipt["type"] == "sunbid-receipt/v1", "回执格式不识", "unknown receipt type")
    need(receipt["platform_key"] == key.spelled, "回执公钥不符", "the receipt names another key")
    message = b"sunbid-receipt/v1\n" + sha256(canonical(rest))
    held = key.signed(unbase64(receipt["signature"]), message)
    need(held, "回执签名不成立", "the receipt's signature does not hold")
    submission = row["submission"]
    speaks = {
        "section": submission["section"], "kind": submission["kind"], "submission_digest": row["digest"],
        "leaf_commitment": row["leaf_commitment"], "leaf_index": row["leaf_index"], "received_at": row["received_at"],
    }  # fmt: skip
    odd = [name for name, value in speaks.items() if not same(receipt[name], value)]
    need(not odd, f"回执所言不同：{'、'.join(odd)}", f"the receipt speaks of another {', '.join(odd)}")
    leaf = exactly(receipt["leaf"], LEAF)
    meant = {"digest": row["leaf_commitment"], "index": row["leaf_index"], "kind": "commitment", "subject": None}
    need(same(leaf, {**meant, "at": leaf["at"]}), "回执条目不符", "the receipt's leaf differs")
    waited = instant(leaf["at"]) - instant(row["received_at"])
    need(timedelta(0) <= waited, "收件晚于入账", "received after the leaf was written")
    need(waited <= MOST_WAIT, "收件早于入账太久", "received long before the leaf was written")
    size, root_hash = open_head(receipt["checkpoint"], key)
    held = includes(canonical(leaf), row["leaf_index"], size, receipt["inclusion_proof"], root_hash)
    need(held, "回执证明不成立", "the receipt's inclusion proof does not hold")


def submissions(case: Case, out: Findings) -> Said:
    """Every submission received is valid, whole, in time, committed before the closing, and its receipt holds."""
    rows, known, used = case.archive.rows("submissions.json"), _policies(case), dict[str, str]()
    deadline = instant(case.archive.rows("policies.json")[-1]["content"]["deadline"], strict=False)
    closing, _ = open_head(case.ledger()["closing"], case.platform())
    for row in rows:
        with out.at(f"submissions.json {_name(row)}"):
            exactly(row, ROW)
            need(digest(row["submission"]) == row["digest"], "摘要不符", "the digest differs")
            submission = check_submission(row["submission"], known)
            need(submission["section"] == case.section, "标段不符", "another section")
            for envelope in submission.get("envelopes", {}).values():
                owner = used.setdefault(envelope["bid_recipient"], submission["handle"])
                need(owner == submission["handle"], "信封公钥为他人所用", "a bid_recipient of another handle")
                for file in (envelope["bulk"], *envelope["keys"].values()):
                    case.archive.has(file["sha256"], file["size"])
            sets = known[submission["policy_digest"]]["sets"][1:]
            for package in exactly(row["identity"], sets).values():
                case.archive.has(package)
            need(instant(row["received_at"]) < deadline, "迟于截止时刻", "received at or after the deadline")
            entry = case.entry(row["leaf_index"])
            need(entry["kind"] == "commitment", "日志条目不是承诺", "the entry is no commitment")
            need(entry["digest"] == row["leaf_commitment"], "日志条目不符", "the entry has another digest")
            need(row["leaf_index"] < closing, "承诺晚于截标", "committed after the closing")
            _receipt(row, case.platform())
            leaf = {name: entry[name] for name in LEAF}
            need(same(row["receipt"]["leaf"], leaf), "回执条目与日志不同", "the receipt's leaf is not the ledger's")
    with out.at("submissions.json"):
        for member in ("digest", "leaf_index"):
            values = [str(row.get(member)) for row in rows]
            need(len(set(values)) == len(rows), f"{member} 重复", f"two have one {member}")
    return f"{len(rows)} 次递交，密文、签名、回执均成立", f"{len(rows)} submissions: whole, signed, in time, receipted"


def closing(case: Case, out: Findings) -> Said:
    """The closed set follows from the submissions and is the one the ledger told before the closing head."""
    rows = case.archive.rows("submissions.json")
    handles = dict[str, list[dict[str, Any]]]()
    for row in rows:
        handles.setdefault(row["submission"]["handle"], []).append(row)
    counted = []
    for handle, mine in handles.items():
        with out.at(f"submissions.json handle {handle[:12]}"):
            mine.sort(key=lambda row: whole(row["submission"]["sequence"]))
            previous, live = None, False
            for place, row in enumerate(mine, 1):
                submission = row["submission"]
                need(submission["sequence"] == place, f"第 {place} 次缺失或重复", f"sequence {place} missing or twice")
                need(submission["previous"] == previous, f"第 {place} 次前后不接", f"sequence {place}: wrong previous")
                held = (submission["kind"] != "submit") == live
                need(held, f"第 {place} 次种类不接", f"sequence {place}: wrong kind")
                previous, live = row["digest"], submission["kind"] != "withdraw"
            if live:
                counted.append({
                    "submission_digest": mine[-1]["digest"], "leaf_index": mine[-1]["leaf_index"],
                    "received_at": mine[-1]["received_at"],
                })  # fmt: skip
    counted.sort(key=lambda item: whole(item["leaf_index"]))
    with out.at("opening.convene"):
        entry = case.only("opening.convene", f"opening:{case.section}")
        size, _ = open_head(case.ledger()["closing"], case.platform())
        need(entry["index"] < size, "不在截标日志头之内", "after the closing head")
        need(same(entry["facts"]["closed_set"], counted), "截标集合不符", "closed_set is not what follows")
        meant = root([canonical(item) for item in counted]).hex()
        need(entry["facts"]["closed_root"] == meant, "截标根不符", "closed_root is not what follows")
    with out.at("opening.json"):
        held = same(case.archive.json("opening.json")["closed_set"], counted)
        need(held, "截标集合不符", "closed_set is not what follows")
    return (
        f"收到 {len(rows)} 次，计入 {len(counted)} 份，截标集合可重算",
        f"{len(rows)} received, {len(counted)} count, the closed set follows",
    )


def _message(identity: dict[str, Any], submission_digest: str) -> bytes:
    """What the certificate signed; since the second version the facts too, of which the consortium is one."""
    bound = unhex(submission_digest, 32)
    if identity["type"] == "sunbid-identity/v1":
        return b"sunbid-identity/v1\n" + bound
    facts = {name: identity[name] for name in FACTS}
    return b"sunbid-identity/v2\n" + bound + sha256(canonical(facts))


def _consortium(identity: dict[str, Any]) -> None:
    members = identity["consortium"]
    if members is None:
        return
    need(isinstance(members, list) and 2 <= len(members) <= 10, "联合体成员数不对", "a consortium of another size")
    for place, member in enumerate(members):
        exactly(member, ("name", "uscc", "role", "share", "work"))
        need(member["role"] == ("member" if place else "lead"), "联合体牵头人不对", "another member leads")
        need(1 <= whole(member["share"]) <= 10_000, "联合体分工比例不对", "a share out of bounds")
    lead = (members[0]["name"], members[0]["uscc"])
    need(
        lead == (identity["bidder"]["name"], identity["bidder"]["uscc"]),
        "牵头人不是投标人",
        "the lead is not the bidder",
    )
    need(len({member["uscc"] for member in members}) == len(members), "联合体成员重复", "a member stands twice")
    total = sum(member["share"] for member in members)
    need(total == 10_000, "分工比例合计不是 100%", "the shares do not make the whole")


def _signed(identity: dict[str, Any], submission_digest: str) -> None:
    try:
        certificate = load_pem_x509_certificate(str(identity["certificate"]).encode())
        public = certificate.public_key()
    except ValueError as error:
        raise Wrong("证书读不出", "the certificate cannot be read") from error
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
        raise Wrong("证书不是 P-256", "the certificate's key is not P-256")
    try:
        message = _message(identity, submission_digest)
        public.verify(unbase64(identity["signature"]), message, ECDSA(SHA256()))
    except InvalidSignature as error:
        raise Wrong("身份签名不成立", "the identity's signature does not hold") from error


def _subject(identity: dict[str, Any], oid: ObjectIdentifier) -> list[str]:
    certificate = load_pem_x509_certificate(str(identity["certificate"]).encode())
    return [str(part.value) for part in certificate.subject.get_attributes_for_oid(oid)]


def _state(case: Case, submission_digest: str) -> object:
    """Where the last move that the ledger tells has left a bid."""
    state: object = "sealed"
    for entry in case.entries:
        facts = entry.get("facts")
        if entry.get("subject") == f"bid:{submission_digest[:16]}" and isinstance(facts, dict):
            state = facts["to"] if "from" in facts and "to" in facts else state
    return state


def _story(case: Case, bid: dict[str, Any]) -> None:
    """Instants, cause and what was looked at are the ledger's own."""
    own = [e for e in case.entries if e.get("subject") == f"bid:{bid['submission_digest'][:16]}"]
    opened = [e for e in own if str(e["kind"]).startswith("bid.open_")]
    need(bool(opened) == (bid["opened_at"] is not None), "解密时刻与日志不同", "opened, or not, otherwise than told")
    if opened:
        soon(bid["opened_at"], opened[-1]["at"])
    if bid["signed_in_at"] is not None:
        came = [e["at"] for e in own if e["kind"] == "bid.sign_in" and e["at"] >= bid["signed_in_at"]]
        need(came, "签到与日志不同", "no such sign-in is told")
        soon(bid["signed_in_at"], came[0])
    cause = evidence = None
    for entry in own:
        facts = entry["facts"]
        if entry["kind"] in ("bid.admit_second", "bid.restore"):
            cause = evidence = None
        elif entry["kind"] == "bid.decide_cause" or "to" in facts:
            cause, evidence = facts.get("cause", cause), facts.get("evidence", evidence)
    if cause == "identity.unreadable" and bid["cause"] is None:
        cause = None  # what could not be read has no name, and its fault says so
    held = same([bid["cause"], bid["cause_evidence"]], [cause, evidence])
    need(held, "未解密的原因与日志不同", "another cause, or other evidence, is told")
    looks: list[Any] = [e["facts"]["contents_sha256"] for e in own if e["kind"] == "bid.look"]
    here = None if bid.get("contents") is None else digest(bid["contents"])
    need(here == (looks[-1] if looks else None), "清单核查与日志不同", "another look at its contents is told")


def identities(case: Case, out: Findings) -> Said:
    """Bids and decoys are exactly the closed set; each opens its leaf, each bid without faults is signed for."""
    rows = {row["digest"]: row for row in case.archive.rows("submissions.json")}
    opening, bids = case.archive.json("opening.json"), case.archive.rows("bids.json")
    decoys = opening["decoys"]
    named = [item["submission_digest"] for item in (*bids, *decoys)]
    with out.at("bids.json, opening.json decoys"):
        meant = sorted(item["submission_digest"] for item in opening["closed_set"])
        need(sorted(named) == meant, "与截标集合不是同一批", "together they are not exactly the closed set")
    with out.at("notice.bidders"):
        content = case.only("notice.bidders", f"section:{case.section}")["facts"]["content"]
        kept = ("number", "name", "identifier", "submission_digest", "faults")
        told = [{name: row[name] for name in kept} for row in content["bidders"]]
        held = same(told, [{name: bid[name] for name in kept} for bid in bids]) and same(content["decoys"], decoys)
        joint = [row.get("consortium") for row in content["bidders"]]
        held = held and same(joint, [case.consortia[bid["number"]] or None for bid in bids])
        need(held, "与公布的投标人名单不同", "not the list of bidders that was published")
    with out.at("bids.json"):
        need(len({whole(bid["number"]) for bid in bids}) == len(bids), "编号重复", "two bids have one number")
    for decoy in decoys:
        with out.at(f"opening.json decoy {_name(decoy, 'submission_digest')}"):
            exactly(decoy, ("submission_digest", "leaf_index", "trustee", "leaf_salt"))
            row = rows[decoy["submission_digest"]]
            need(same(decoy["leaf_index"], row["leaf_index"]), "日志序号不符", "another leaf_index")
            leaf = leaf_commitment(decoy["leaf_salt"], row["digest"], row["identity"])
            need(leaf == row["leaf_commitment"], "承诺打不开", "does not open its leaf commitment")
    for bid in bids:
        with out.at(f"bids.json {bid.get('number')}"):
            row = rows[bid["submission_digest"]]
            need(isinstance(bid["faults"], list), "faults 不是列表", "faults is not a list")
            need(bid["state"] == _state(case, row["digest"]), "状态与日志不同", "the state is not the ledger's")
            _story(case, bid)
            identity, submission = bid["identity"], row["submission"]
            codes = [str(fault["code"]) for fault in bid["faults"]]
            if is_read(bid):
                leaf = leaf_commitment(identity["leaf_salt"], row["digest"], row["identity"])
                need(leaf == row["leaf_commitment"], "承诺打不开", "does not open its leaf commitment")
            if codes:
                continue
            bound = {name: submission[name] for name in ("section", "policy_digest", "handle")}
            bound |= {"submission_digest": row["digest"]}
            held = all(identity[name] == value for name, value in bound.items()) and identity["type"] in IDENTITY
            need(held, "身份属于别处", "the identity is that of another submission")
            _signed(identity, row["digest"])
            if identity["type"] != IDENTITY[0]:
                _consortium(identity)
            need(bid["name"] == identity["bidder"]["name"], "名称与身份不符", "name is not the identity's")
            subject = [_subject(identity, oid) for oid in (NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATION_IDENTIFIER)]
            need(subject == [[bid["name"]], [bid["identifier"]]], "名称与证书不符", "not what the certificate says")
            need(bid["identifier"] == identity["bidder"]["uscc"], "代码与身份不符", "identifier is not the identity's")
    return (
        f"{len(bids)} 家，诱饵 {len(decoys)} 份，与密封身份一致",
        f"{len(bids)} bidders, {len(decoys)} decoys, each as sealed",
    )


def _envelope(case: Case, bid: dict[str, Any], submission: dict[str, Any], name: str) -> int:
    said, sealed = bid["envelopes"][name], submission["envelopes"][name]
    member = case.archive.has(sealed["bulk"]["sha256"], sealed["bulk"]["size"])
    need(same(said["size"], sealed["bulk"]["size"]), "大小不符", "size differs")
    if said.get("backup") is not None:  # the bidder's backup: the plain archive itself
        need(said["salt"] is not None, "备份没有盐值", "a backup without a salt proves nothing")
        plain = case.archive.has(said["backup"])
        with case.archive.path.open("rb") as file:
            region = Region(file, plain)
            inner = read_inner(Plain(iter(lambda: region.read(65536), b"")), SCHEDULE)
    else:
        identity = read_identity(said["secret"])
        mine = identity.public_key().public_bytes_raw()
        need(
            mine == read_recipient(sealed["bid_recipient"]),
            "私钥不是此信封的",
            "the secret is not that of bid_recipient",
        )
        with case.archive.path.open("rb") as file:
            inner = read_inner(Plain(decrypt(Region(file, member), identity)), SCHEDULE)
    need(inner.sha256.hex() == said["archive"], "文件包散列不符", "archive: the hash differs")
    if said["salt"] is not None:  # a key payload may lack the salt; then nothing can be compared
        commit = sha256(b"sunbid-plain/v1\n" + unhex(said["salt"], 32) + inner.sha256).hex()
        need(commit == sealed["plain_commit"], "明文承诺打不开", "does not open plain_commit")
    held = said["commit_checked"] is (said["salt"] is not None)
    need(held, "明文承诺是否打开与所载不同", "commit_checked is not what follows")
    bound = {member: submission[member] for member in ("section", "policy_digest", "handle")} | {"envelope": name}
    odd = [member for member, value in bound.items() if inner.manifest[member] != value]
    need(not odd, f"清单属于别处：{'、'.join(odd)}", f"the manifest names another {', '.join(odd)}")
    need(inner.manifest["nonce"] == said["nonce"], "随机数不符", "nonce differs")
    need(same(inner.manifest["files"], said["files"]), "文件清单不符", "files differ")
    if name == "schedule":
        need(inner.kept is not None, "没有 schedule.json", "holds no schedule.json")
        schedule = read_json(inner.kept or b"")
        need(same(schedule, bid["schedule"]), "开标一览表不符", "schedule differs")
        need(same(schedule["price_fen"], bid["price_fen"]), "报价不符", "price_fen differs")
    return len(said["files"])


def originals(case: Case, out: Findings) -> Said:
    """Every opened envelope, decrypted once more, holds what is stated of it."""
    rows = {row["digest"]: row["submission"] for row in case.archive.rows("submissions.json")}
    opened, files = case.opened(), 0
    # A bid whose second envelope stayed sealed: what the first sitting opened of it, and nothing of the second.
    opened += [bid for bid in case.archive.rows("bids.json") if bid not in opened and bid["envelopes"]]
    whole_ones = {whole(bid["number"]) for bid in case.opened()}
    for bid in opened:
        where = f"bids.json {bid.get('number')}"
        with out.at(where):
            submission = rows[bid["submission_digest"]]
            entire = bid["number"] in whole_ones
            meant = [name for name in submission["envelopes"] if entire or name not in case.later]
            exactly(bid["envelopes"], meant)
            for name in meant:
                with out.at(f"{where} {name}"):
                    files += _envelope(case, bid, submission, name)
    return (
        f"{len(opened)} 份投标重新解密，{files} 个文件与报价一致",
        f"{len(opened)} bids decrypted again, {files} files and the prices agree",
    )

"""The claim about outsiders: witnesses and timestamps under the heads, as the notice named them, before the opening."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509

from .canonical import exactly, instant, need, same, sha256, unbase64, whole
from .claims_ledger import Said
from .notes import NAME, ed25519, open_head, open_note
from .tokens import Token, check_token, fingerprint
from .tree import extends
from .verdict import Case, Findings

TOLERANCE = timedelta(seconds=2)
TIMESTAMP = "timestamp"


class Cosigner:
    """A witness's key, spelled with the type byte 4."""

    def __init__(self, spelled: object) -> None:
        parts = spelled.split("+", 2) if isinstance(spelled, str) else []
        need(len(parts) == 3 and NAME.fullmatch(parts[0]), "见证人公钥写法不对", "is not a spelled witness key")
        raw = unbase64(parts[2])
        need(len(raw) == 33 and raw[0] == 4, "见证人公钥写法不对", "is not a spelled witness key")
        self.name, self.public = parts[0], raw[1:]
        self.key_id = sha256(parts[0].encode() + b"\n" + raw)[:4]
        need(parts[1] == self.key_id.hex(), "见证人公钥编号不符", "the key id is not that of the key")

    def signed_at(self, note: str, body: str) -> datetime | None:
        """When this witness cosigned the note; None where no line bears its name."""
        for line in note[len(body) + 1 :].splitlines():
            parts = line.split(" ")
            if len(parts) == 3 and parts[1] == self.name:
                raw = unbase64(parts[2])
                seconds = int.from_bytes(raw[4:12], "big")
                message = f"cosignature/v1\ntime {seconds}\n{body}".encode()
                held = len(raw) == 76 and raw[:4] == self.key_id and seconds < 1 << 40
                held = held and ed25519(self.public, raw[12:], message)
                need(held, f"{self.name} 的联署不成立", f"the cosignature of {self.name} does not hold")
                return datetime.fromtimestamp(seconds, UTC)
        return None


def _named(case: Case) -> tuple[list[str], list[str]]:
    """The witnesses' keys and root fingerprints that the first tender notice named."""
    subject = f"section:{case.section}"
    notices = case.told("notice.tender", subject) or case.told("notice.final_offers", subject)
    content = notices[0]["facts"]["content"] if notices else {}
    return content.get("witnesses", []), content.get("timestamp_roots", [])


def trust(case: Case, out: Findings) -> Said:
    """Every cosignature and token holds, and the closing was covered before any layer was taken off."""
    said = exactly(case.archive.json("trust.json"), ("roots", "heads"))
    size, root = open_head(case.ledger()["checkpoint"], case.platform())
    keys, prints = _named(case)
    cosigners = [Cosigner(key) for key in keys]
    roots = [x509.load_pem_x509_certificate(pem.encode()) for pem in said["roots"]]
    with out.at("trust.json roots"):
        meant = sorted(prints)
        need(sorted(map(fingerprint, roots)) == meant, "根证书不是公告所定", "the roots are not those the notice named")
    seen: dict[int, dict[str, Any]] = {}
    before = 0
    for place, row in enumerate(said["heads"]):
        with out.at(f"trust.json heads [{place}]"):
            exactly(row, ("checkpoint", "timestamps", "consistency"))
            count, head = open_head(row["checkpoint"], case.platform())
            need(before < count <= size, "大小没有递增", "the sizes do not ascend")
            before = count
            held = extends(count, head, size, root, row["consistency"])
            need(held, "不是最终日志的前段", "is no beginning of the final log")
            body = open_note(row["checkpoint"], case.platform())
            found = {c.name: at for c in cosigners if (at := c.signed_at(row["checkpoint"], body)) is not None}
            tokens: dict[str, Token] = {}
            for stamp in row["timestamps"]:
                raw = unbase64(exactly(stamp, ("authority", "token"))["token"])
                tokens[sha256(raw).hex()] = check_token(raw, body.encode(), roots)
            latest = [e for e in case.entries if whole(e["index"]) < count]
            for token in tokens.values():
                early = latest and token.at + token.accuracy + TOLERANCE < instant(latest[-1]["at"])
                need(not early, "平台时钟超前于时间戳", "the platform's clock ran ahead of the timestamp")
            seen[count] = {"cosigned": found, "tokens": tokens}
    with out.at("opening.cover"):
        _cover(case, cosigners, prints, seen)
    if prints:
        _submissions(case, seen, out)
    cosigned = sum(len(row["cosigned"]) for row in seen.values())
    stamped = sum(len(row["tokens"]) for row in seen.values())
    if not keys and not prints:
        return "公告没有约定见证人与时间戳机构", "the notice named neither witnesses nor a timestamping authority"
    return (
        f"联署 {cosigned} 次，时间戳 {stamped} 枚，均先于开启",
        f"{cosigned} cosignatures and {stamped} timestamps hold; the closing was covered before anything was opened",
    )


def _cover(case: Case, cosigners: list[Cosigner], prints: list[str], seen: dict[int, dict[str, Any]]) -> None:
    subject = f"opening:{case.section}"
    convene, cover = case.only("opening.convene", subject), case.only("opening.cover", subject)
    vouchers = convene["facts"].get("vouchers")
    meant = {"witnesses": _named(case)[0], "timestamp_roots": prints}
    need(same(vouchers, meant), "截标所定的见证与公告不同", "vouchers are not those the notice named")
    closing, _ = open_head(case.ledger()["closing"], case.platform())
    facts = exactly(cover["facts"], ("cosignatures", "timestamps", "missing", "exception"))
    peels = [e["index"] for e in case.told("opening.peel", subject)]
    held = convene["index"] < cover["index"] and all(cover["index"] < index for index in peels)
    need(held, "开启先于外部联署", "a layer was taken off before the cover")
    given = set()
    for row in facts["cosignatures"]:
        exactly(row, ("witness", "size", "at"))
        need(closing <= whole(row["size"]) <= cover["index"], "联署的不是截标日志头", "a cosignature of another head")
        at = seen.get(row["size"], {}).get("cosigned", {}).get(row["witness"])
        need(at is not None and at == instant(row["at"]), "联署不在档", "a cosignature is not in the archive")
        given.add(row["witness"])
    for row in facts["timestamps"]:
        exactly(row, ("authority", "size", "at", "sha256"))
        need(closing <= whole(row["size"]) <= cover["index"], "时间戳不是截标日志头的", "a timestamp of another head")
        token = seen.get(row["size"], {}).get("tokens", {}).get(row["sha256"])
        need(token is not None and token.at == instant(row["at"]), "时间戳不在档", "a timestamp is not in the archive")
        given.add(TIMESTAMP)
    wanted = [c.name for c in cosigners] + ([TIMESTAMP] if prints else [])
    missing = [name for name in wanted if name not in given]
    need(same(facts["missing"], missing), "缺席者与所载不同", "missing is not what follows")
    need(
        (facts["exception"] is not None) == bool(missing), "例外与缺席不符", "an exception where none belongs, or none"
    )
    if missing:
        exactly(facts["exception"], ("by", "reason", "at"))
        need(facts["exception"]["reason"].strip(), "例外没有理由", "the exception has no reason")


def _submissions(case: Case, seen: dict[int, dict[str, Any]], out: Findings) -> None:
    stamped = [size for size, row in seen.items() if row["tokens"]]
    excused = TIMESTAMP in case.only("opening.cover", f"opening:{case.section}")["facts"]["missing"]
    for row in case.archive.rows("submissions.json"):
        with out.at(f"submissions.json {str(row.get('digest'))[:12]}"):
            held = excused or any(size > whole(row["leaf_index"]) for size in stamped)
            need(held, "没有时间戳覆盖", "no timestamp covers it")

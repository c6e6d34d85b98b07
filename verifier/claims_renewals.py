"""Renewed timestamps of a kept file: each token is over the file, its layers and the token before."""

import base64
from pathlib import Path

from cryptography import x509

from .canonical import exactly, need, read_canonical, sha256, whole
from .tokens import check_token, fingerprint
from .verdict import Findings, Line


def renewals(path: Path, section: str, archive: str, layers: list[str]) -> Line:
    """The line of the whole chain."""
    out, last, count, roots = Findings(), None, 0, []
    with out.at(path.name):
        told = exactly(read_canonical(path.read_bytes()), ("type", "section", "roots", "renewals"))
        need(told["type"] == "sunbid-renewals/v1" and told["section"] == section, "不是此标段的", "of something else")
        roots = [x509.load_pem_x509_certificate(pem.encode()) for pem in told["roots"]]
        need(told["renewals"], "没有时间戳", "no timestamp")
        before = "-"
        for row in told["renewals"]:
            count += 1
            with out.at(f"renewal {count}"):
                covered = whole(exactly(row, ("layers", "token"))["layers"])
                need(covered <= len(layers), "所盖的补充层没有给出", "covers layers that were not given")
                names = ",".join(layers[:covered]) or "-"
                body = f"sunbid-renewal/v1\n{section}\n{count}\n{archive}\n{names}\n{before}\n"
                raw = base64.b64decode(row["token"], validate=True)
                said = check_token(raw, body.encode(), roots)
                need(last is None or said.at > last, "时间不递增", "not later than the one before")
                before, last = sha256(raw).hex(), said.at
    names = ", ".join(fingerprint(root)[:16] for root in roots)
    zh, en = f"{count} 枚，最近 {last}，根 {names}", f"{count}, last {last}, roots {names}"
    return Line("renewals", "续期时间戳", zh, en, out.problems)

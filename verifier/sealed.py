"""Policies, submissions and the inner archives of bids, as docs/spec/sealing.md forms them."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from .age import read_recipient
from .canonical import Wrong, canonical, exactly, instant, need, read_canonical, sha256, unhex, whole
from .notes import ed25519

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
SECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}")
RULE = re.compile(r"R-[0-9]{3}[a-z]?")
OCTAL = re.compile(rb" *([0-7]+)[ \0]*")
RECORD = re.compile(rb"([0-9]{1,4}) ([^=]+)=")
UNFIT = re.compile(
    "[/\\\\\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
STEPS = {1 << k for k in range(16, 24)} | {q << (k - 2) for k in range(24, 33) for q in (4, 5, 6, 7)} | {1 << 33}
KEPT = 1 << 20
POLICY = ("type", "version", "suite", "section", "envelopes", "recipients", "threshold", "sets", "deadline",
          "decrypt_minutes", "failure")  # fmt: skip
SUBMISSION = ("type", "kind", "section", "policy_digest", "handle", "sequence", "previous", "handle_signature")
MANIFEST = ("type", "section", "policy_digest", "handle", "envelope", "nonce", "files")


def is_name(value: object) -> bool:
    """Whether this is a name."""
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def check_policy(policy: object) -> dict[str, Any]:
    """A valid `sunbid-policy/v1`, or what is wrong with it."""
    p = exactly(policy, POLICY)
    need(p["type"] == "sunbid-policy/v1" and p["suite"] == "age-x25519/1", "规则种类不识", "unknown type or suite")
    whole(p["version"], 1, 10000)
    need(isinstance(p["section"], str) and SECTION.fullmatch(p["section"]), "标段号不对", "bad section")
    names, roles = p["envelopes"], p["recipients"]
    need(
        isinstance(names, list) and 1 <= len(names) <= 8 and all(map(is_name, names)) and len(set(names)) == len(names),
        "信封名单不对", "bad envelopes",
    )  # fmt: skip
    need("schedule" in names, "缺 schedule 信封", "no schedule envelope")
    need(isinstance(roles, dict) and 3 <= len(roles) <= 7 and all(map(is_name, roles)), "受托人不对", "bad recipients")
    need("tenderee" in roles and "bidder" not in roles, "受托人不对", "bad recipients")
    keys = {read_recipient(recipient) for recipient in roles.values()}
    need(len(keys) == len(roles), "受托人公钥重复", "two trustees have one recipient")
    k = whole(p["threshold"], 2, len(roles) - 1)
    sets = ["bidder+tenderee", *("+".join(chosen) for chosen in combinations(sorted(roles), k))]
    need(p["sets"] == sets, "持钥组合不是应有的", "the sets are not the derived ones")
    instant(p["deadline"], strict=False)
    whole(p["decrypt_minutes"], 1, 10080)
    failure = p["failure"]
    need(isinstance(failure, dict) and 1 <= len(failure) <= 16, "失败规则不对", "bad failure rules")
    for key, rule in failure.items():
        need(is_name(key) and isinstance(rule, str) and RULE.fullmatch(rule), "失败规则不对", "bad failure rules")
    return p


def check_submission(submission: object, policies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A submission that is valid under the policy it names (one of those given, by digest)."""
    if not isinstance(submission, dict):
        raise Wrong("不是对象", "is not an object")
    s = submission
    kind = s.get("kind")
    need(kind in ("submit", "replace", "withdraw"), "递交种类不对", "bad kind")
    exactly(s, SUBMISSION if kind == "withdraw" else (*SUBMISSION, "envelopes"))
    need(s["type"] == "sunbid-submission/v1", "递交格式不识", "unknown submission type")
    policy = policies.get(str(s["policy_digest"]))
    if policy is None:
        raise Wrong("所依密封规则不在档", "names a policy that is not here")
    need(s["section"] == policy["section"], "标段不符", "another section")
    sequence = whole(s["sequence"], 1, 10000)
    need((s["previous"] is None) == (sequence == 1), "前次摘要不对", "previous is null if and only if sequence is 1")
    if s["previous"] is not None:
        unhex(s["previous"], 32)
    if kind != "withdraw":
        recipients = set()
        for name, envelope in exactly(s["envelopes"], policy["envelopes"]).items():
            exactly(envelope, ("bulk", "bid_recipient", "plain_commit", "keys"))
            unhex(envelope["plain_commit"], 32)
            recipients.add(read_recipient(envelope["bid_recipient"]))
            files = [envelope["bulk"], *exactly(envelope["keys"], policy["sets"]).values()]
            for file in files:
                unhex(exactly(file, ("sha256", "size"))["sha256"], 32)
                whole(file["size"], 1)
            held = all(file["size"] <= 65536 for file in files[1:])
            need(held, f"{name} 密钥包过大", f"{name}: a key package is too large")
        need(len(recipients) == len(s["envelopes"]), "信封公钥重复", "two envelopes have one bid_recipient")
    message = sha256(canonical({key: value for key, value in s.items() if key != "handle_signature"}))
    held = ed25519(unhex(s["handle"], 32), unhex(s["handle_signature"], 64), message)
    need(held, "投标签名不成立", "the handle's signature does not hold")
    return s


def leaf_commitment(salt: object, submission_digest: object, packages: object) -> str:
    """The ledger leaf of a submission (sealing.md section 9)."""
    parts = unhex(salt, 32), unhex(submission_digest, 32), sha256(canonical(packages))
    return sha256(b"sunbid-leaf/v1\n" + b"".join(parts)).hex()


class Plain:
    """Decrypted chunks, read like a file; counted and hashed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.buffer, self.size, self.state = chunks, b"", 0, hashlib.sha256()

    def read(self, size: int) -> bytes:
        """At most so many bytes, at least one until the end."""
        if not self.buffer:
            self.buffer = next(self.chunks, b"")
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        self.size += len(data)
        self.state.update(data)
        return data

    def exact(self, size: int) -> bytes:
        """Exactly so many bytes."""
        parts = []
        while size:
            part = self.read(size)
            need(part, "文件包中断", "the archive breaks off")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


@dataclass(frozen=True)
class Inner:
    """What an inner archive held: manifest, size and hash of the whole, and the one small file asked for."""

    manifest: dict[str, Any]
    size: int
    sha256: bytes
    kept: bytes | None


def _octal(field: bytes) -> int:
    match = OCTAL.fullmatch(field)
    if match is None:
        raise Wrong("文件包数字不对", "bad number in the archive")
    return int(match[1], 8)


def _pax(data: bytes) -> str | None:
    path, at = None, 0
    while at < len(data):
        match = RECORD.match(data, at)
        end = at + int(match[1]) if match else 0
        if match is None or end > len(data) or data[end - 1 : end] != b"\n" or end <= match.end():
            raise Wrong("pax 头不对", "bad pax header")
        if match[2] == b"path":
            need(path is None, "pax 路径重复", "pax path twice")
            path = data[match.end() : end - 1].decode()
        else:
            need(match[2] in (b"mtime", b"atime", b"ctime", b"comment"), "pax 键不允许", "a pax key not allowed")
        at = end
    return path


def _next(plain: Plain, pax: bool = True) -> tuple[str, int] | None:
    """Path and size of the next member; None at the end."""
    block = plain.exact(512)
    if not any(block):
        need(plain.exact(512) == bytes(512), "文件包结尾不对", "bad end of the archive")
        return None
    need(block[257:263] == b"ustar\0", "文件包不是 ustar", "the archive is not ustar")
    held = _octal(block[148:156]) == sum(block[:148]) + 8 * 32 + sum(block[156:])
    need(held, "文件包头校验和不符", "a header's checksum does not hold")
    size, kind = _octal(block[124:136]), block[156:157]
    if kind == b"x" and pax:
        need(size <= 4096, "pax 头过大", "the pax header is too large")
        path = _pax(plain.exact(size))
        plain.exact(-size % 512)
        following = _next(plain, pax=False)
        if following is None:
            raise Wrong("pax 头后无成员", "nothing follows a pax header")
        return path if path is not None else following[0], following[1]
    need(kind in (b"0", b"\0"), "文件包含有不允许的成员", "a member of a kind that is not allowed")
    name, prefix = (field.split(b"\0")[0].decode() for field in (block[:100], block[345:500]))
    return f"{prefix}/{name}" if prefix else name, size


def _check_files(files: object) -> list[dict[str, Any]]:
    if not isinstance(files, list) or len(files) > 1000:
        raise Wrong("文件清单不对", "bad list of files")
    seen = set()
    for file in files:
        exactly(file, ("slot", "name", "size", "sha256"))
        unhex(file["sha256"], 32)
        whole(file["size"], 1)
        name = file["name"]
        fit = isinstance(name, str) and not UNFIT.search(name) and name not in (".", "..") and name.strip() == name
        fit = fit and 1 <= len(name.encode()) <= 255 and is_name(file["slot"])
        need(fit, "文件名不允许", "a file name not allowed")
        seen.add((file["slot"], unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())))
    need(len(seen) == len(files), "文件名重复", "two files have one name")
    return files


def read_inner(plain: Plain, keep: str) -> Inner:
    """Read an inner archive to its last byte; keep the content of the file of this path, if it is small."""
    kept = None
    first = _next(plain)
    need(first and first[0] == "manifest.json" and first[1] <= KEPT, "文件包无清单", "the archive has no manifest")
    size = first[1] if first else 0
    manifest = exactly(read_canonical(plain.exact(size)), MANIFEST)
    plain.exact(-size % 512)
    unhex(manifest["nonce"], 32)
    need(manifest["type"] == "sunbid-manifest/v1", "清单格式不识", "unknown manifest type")
    for file in _check_files(manifest["files"]):
        path = f"files/{file['slot']}/{file['name']}"
        held = _next(plain) == (path, file["size"])
        need(held, f"{path} 缺失或次序、大小不符", f"{path}: missing, misplaced or resized")
        state, left, parts = hashlib.sha256(), file["size"], []
        while left:
            piece = plain.read(left)
            need(piece, "文件包中断", "the archive breaks off")
            state.update(piece)
            left -= len(piece)
            if path == keep and file["size"] <= KEPT:
                parts.append(piece)
        need(state.hexdigest() == file["sha256"], f"{path} 散列不符", f"{path}: the hash differs")
        kept = b"".join(parts) if parts else kept
        plain.exact(-file["size"] % 512)
    last = _next(plain)
    need(last and last[0] == "padding", "文件包无填充", "the archive has no padding")
    left = last[1] + -last[1] % 512 if last else 0
    while left:
        piece = plain.read(left)
        need(piece, "文件包中断", "the archive breaks off")
        left -= len(piece)
    need(_next(plain) is None, "文件包有多余成员", "the archive has additional members")
    while piece := plain.read(65536):
        need(not any(piece), "文件包结尾之后有内容", "something follows the end of the archive")
    need(plain.size in STEPS, "文件包大小不在级差上", "the archive's size is no step of the ladder")
    return Inner(manifest, plain.size, plain.state.digest(), kept)

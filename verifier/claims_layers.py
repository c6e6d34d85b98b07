"""Supplements: each layer stands on the bytes before it, asked by one and approved by another, both in the log."""

import base64
from pathlib import Path
from typing import Any

from .canonical import canonical, exactly, need, same, sha256
from .container import Archive
from .notes import Key, open_head, open_note
from .tree import includes
from .verdict import Findings, Line

MEMBERS = ("type", "platform_key", "section", "number", "previous", "item", "reason", "files", "by", "approved_by",
           "checkpoint", "entries")  # fmt: skip
LEAF = ("at", "digest", "index", "kind", "subject")


def layer(path: Path, number: int, previous: str, section: str, key: Key, after: int = 0) -> Line:
    """The line of one layer; `previous` is the hash of the file it must stand on, `after` that file's log's size."""
    out, count = Findings(), 0
    with out.at(path.name):
        file = Archive(path)
        for where, zh, en in file.faults:
            out.add(where, zh, en)
        told = exactly(file.json("layer.json"), MEMBERS)
        count = len(told["files"])
        meant = ["sunbid-layer/v1", section, number, previous, key.spelled]
        stands = [told[name] for name in ("type", "section", "number", "previous", "platform_key")]
        need(same(stands, meant), "不接在前一文件之上", "does not stand on the file before it")
        raw = base64.b64encode(sha256(file.data("layer.json"))).decode()
        body = open_note(file.data("layer.note").decode(), key, alone=True)
        need(body == f"sunbid-layer/v1\n{section}\n{number}\n{raw}\n", "签名的不是此层", "what is signed is not it")
        objects = sorted(f"objects/{row['sha256']}" for row in told["files"])
        need(file.order == ["layer.json", "layer.note", *objects], "文件多出或缺少", "files lacking or not listed")
        for row in told["files"]:
            file.has(row["sha256"], row["size"])
        people(told, section, number, key)
        need(told["entries"][0]["index"] >= after, "早于前一文件", "asked for before the file it stands on")
    return Line("layer", f"第 {number} 层补充", f"文件 {count} 个", f"layer {number}: {count} files", out.problems)


def people(told: dict[str, Any], section: str, number: int, key: Key) -> None:
    """Asked and approved, by two, and the log holds both acts."""
    size, top = open_head(told["checkpoint"], key)
    asked, approved = told["entries"]
    for entry, kind in ((asked, "supplement.ask"), (approved, "supplement.approve")):
        at_home = entry["kind"] == kind and entry["subject"] == f"supplement:{section}:{number}"
        need(at_home, "不是此层的存证", "an entry of something else")
        made = b"sunbid-facts/v1\n" + entry["salt"].encode() + b"\n" + canonical(entry["facts"])
        need(sha256(made).hex() == entry["digest"], "存证内容与承诺不符", "facts are not those committed to")
        row = canonical({name: entry[name] for name in LEAF})
        need(includes(row, entry["index"], size, entry["proof"], top), "存证不在日志之中", "an entry is not in the log")
    said = {name: told[name] for name in ("item", "reason", "files", "by")}
    need(same({name: asked["facts"][name] for name in said}, said), "与申请不同", "is not what was asked for")
    one, two = asked["facts"]["by"], approved["facts"]["by"]
    need(one != two and two == told["approved_by"], "申请与批准须是两人", "asked and approved by one person")
    need(approved["facts"]["previous"] == told["previous"], "批准的不是此层", "something else was approved")
    need(asked["index"] < approved["index"], "批准早于申请", "approved before it was asked")

"""Claims about the file and the log: container, manifest, heads, entries, policies, notices."""

import base64
from datetime import timedelta

from .canonical import Wrong, canonical, digest, exactly, instant, need, same, sha256, unhex, whole
from .claims_objections import check_objections
from .notes import Key, open_head, open_note
from .sealed import check_policy
from .tree import extends, includes
from .verdict import Case, Findings

LEAF = ("at", "digest", "index", "kind", "subject")
LAG = timedelta(minutes=1)
"""How long an act may have waited for the log: from its own instant to its entry's `at` (archive.md, soon)."""
Said = tuple[str, str]


def container(case: Case, out: Findings) -> Said:
    """The tar is in its one allowed spelling, objects are named by their hash, JSON is canonical."""
    for where, zh, en in case.archive.faults:
        out.add(where, zh, en)
    count = len(case.archive.order)
    return f"{count} 个成员，写法唯一", f"{count} members in the one allowed spelling"


def manifest(case: Case, out: Findings) -> Said:
    """The manifest lists every other member with hash and size, and is signed by the platform key."""
    data = case.archive.data("manifest.json")
    said = exactly(case.archive.json("manifest.json"), ("type", "section", "platform_key", "built_at", "members"))
    with out.at("manifest.json"):
        need(said["type"] == "sunbid-archive/v1", "格式不识", "unknown type")
        instant(said["built_at"])
        need(case.section, "标段号不对", "bad section")
        key = Key.read(said["platform_key"])
        need(case.key is None or key == case.key, "平台公钥不是所给的", "the platform key is not the one given")
    with out.at("manifest.note"):
        try:
            note = case.archive.data("manifest.note").decode()
        except UnicodeDecodeError as error:
            raise Wrong("不是 UTF-8", "is not UTF-8") from error
        body = open_note(note, case.platform(), alone=True)
        meant = f"sunbid-archive/v1\n{case.section}\n{base64.b64encode(sha256(data)).decode()}\n"
        need(body == meant, "签名的不是此清单", "what is signed is not this manifest")
    listed = {}
    for row in said["members"]:
        where = row.get("path") if isinstance(row, dict) else None
        with out.at(str(where or "manifest.json members")):
            exactly(row, ("path", "sha256", "size"))
            need(where not in listed, "清单中出现两次", "listed twice")
            listed[where] = row
            member = case.archive.members.get(row["path"])
            if member is None:
                raise Wrong("清单所列成员不在档", "listed but missing")
            need(member.sha256 == row["sha256"], "散列与清单不符", "the hash is not the listed one")
            need(member.size == whole(row["size"]), "大小与清单不符", "the size is not the listed one")
    rest = [path for path in case.archive.order if path not in ("manifest.json", "manifest.note")]
    for path in rest:
        if path not in listed:
            out.add(path, "清单未列", "is not listed")
    with out.at("manifest.json"):
        need(out.problems or list(listed) == rest, "清单次序与成员次序不同", "the members are not in the listed order")
    return (
        f"标段 {case.section}，平台公钥 {case.platform().spelled}",
        f"section {case.section}, signed by {case.platform().spelled}",
    )


def heads(case: Case, out: Findings) -> Said:
    """Both heads are signed by the platform key, and the closing tree is a prefix of the final one."""
    ledger, sizes = case.ledger(), [0, 0]
    with out.at("ledger.json"):
        found = []
        for which in ("closing", "checkpoint"):
            with out.at(f"ledger.json {which}"):
                found.append(open_head(ledger[which], case.platform()))
        if len(found) == 2:
            (first, first_root), (second, second_root) = found
            sizes = [first, second]
            held = extends(first, first_root, second, second_root, ledger["consistency"])
            need(held, "截标日志头不是归档日志头的前缀", "the closing tree is not a prefix of the final one")
    return (
        f"截标时 {sizes[0]} 条，归档时 {sizes[1]} 条，只增未改",
        f"{sizes[0]} entries at the closing, {sizes[1]} in the end, only ever appended",
    )


def entries(case: Case, out: Findings) -> Said:
    """Every told entry has the digest of its facts and is in the final tree."""
    size, root = open_head(case.ledger()["checkpoint"], case.platform())
    index, at = -1, None
    for entry in case.entries:
        with out.at(f"ledger.json #{entry.get('index')}"):
            exactly(entry, (*LEAF, "facts", "salt", "proof"))
            need(whole(entry["index"]) > index, "序号没有递增", "the index does not ascend")
            index = entry["index"]
            stamp = instant(entry["at"])
            need(at is None or stamp >= at, "时刻早于前一条", "is earlier than the entry before")
            at = stamp
            unhex(entry["digest"], 32)
            need(isinstance(entry["kind"], str), "种类不对", "bad kind")
            if entry["kind"] == "commitment":
                secret = (entry["subject"], entry["facts"], entry["salt"])
                need(secret == (None, None, None), "承诺条目不应有内容", "a commitment tells nothing")
            else:
                unhex(entry["salt"], 32)
                told = b"sunbid-facts/v1\n" + entry["salt"].encode() + b"\n" + canonical(entry["facts"])
                need(sha256(told).hex() == entry["digest"], "内容与摘要不符", "the facts do not have this digest")
            leaf = canonical({name: entry[name] for name in LEAF})
            held = includes(leaf, index, size, entry["proof"], root)
            need(held, "不在日志之中", "the proof does not lead to the final head")
    count = len(case.entries)
    return f"{count} 条内容与摘要一致且在日志之中", f"{count} entries told, each with its digest and in the final tree"


def soon(said: object, written: object) -> None:
    """What is said of an instant is that of the entry, or up to a minute before it."""
    held = timedelta(0) <= instant(written) - instant(said) <= LAG
    need(held, "时刻与日志不同", "another instant than the ledger's")


def policies(case: Case, out: Findings) -> Said:
    """Every policy is valid, has its digest, and was published in the ledger in this order."""
    rows, before = case.archive.rows("policies.json"), 0
    need(rows, "policies.json 为空", "policies.json is empty")
    for row in rows:
        with out.at(f"policies.json v{row.get('version')}"):
            exactly(row, ("version", "content", "digest", "published_at"))
            policy = check_policy(row["content"])
            instant(row["published_at"])
            need(policy["section"] == case.section, "标段不符", "another section")
            need(same(row["version"], policy["version"]), "版本号不符", "the version differs")
            need(policy["version"] > before, "版本没有递增", "the version does not ascend")
            before = policy["version"]
            need(digest(policy) == row["digest"], "摘要不符", "the digest differs")
    with out.at("policies.json"):
        told = [entry["facts"] for entry in case.told("policy.publish", f"section:{case.section}")]
        here = [{"version": row["version"], "digest": row["digest"]} for row in rows]
        need(same(told, here), "与日志所公布的不同", "not those the ledger told, in its order")
        for row, entry in zip(rows, case.told("policy.publish", f"section:{case.section}"), strict=True):
            soon(row["published_at"], entry["at"])
    return f"{len(rows)} 版，均已公布于日志", f"{len(rows)} policies, all told in the ledger"


def notices(case: Case, out: Findings) -> Said:
    """Notices are as told in the ledger; attachments and documents are here."""
    rows, documents = case.archive.rows("notices.json"), case.archive.rows("documents.json")
    members = ("number", "kind", "title", "content", "attachments", "published_at", "leaf_index")
    for row in rows:
        with out.at(f"notices.json {row.get('number')}"):
            exactly(row, members)
            entry = case.entry(row["leaf_index"])
            soon(row["published_at"], entry["at"])
            need(entry["kind"] == f"notice.{row['kind']}", "日志条目种类不符", "the entry is of another kind")
            need(entry["subject"] == f"section:{case.section}", "日志条目属别处", "the entry is about something else")
            facts = {name: row[name] for name in ("number", "title", "content", "attachments")}
            need(same(entry["facts"], facts), "与日志所载不同", "not as told in the ledger")
            for attachment in row["attachments"]:
                case.archive.has(attachment["sha256"], attachment.get("size"))
    with out.at("notices.json"):
        told = [e["index"] for e in case.entries if str(e.get("kind")).startswith("notice.")]
        here = sorted(whole(row["leaf_index"]) for row in rows)
        need(here == told, "与日志所载的公告不是同一批", "not all the notices the ledger tells")
    for row in documents:
        with out.at(f"documents.json {row.get('name')}"):
            exactly(row, ("slot", "version", "name", "sha256", "size"))
            case.archive.has(row["sha256"], whole(row["size"]))
    with out.at("documents.json"):
        newest = dict[str, dict[str, object]]()
        for row in documents:
            version = whole(row["version"])
            held = version > whole(newest.get(row["slot"], {"version": -1})["version"], -1)
            need(held, "版本没有递增", "the versions do not ascend")
            newest[row["slot"]] = row
        kinds = [f"notice.{kind}" for kind in ("tender", "correction", "clarification", "final_offers")]
        calls = [e for e in case.entries if e.get("kind") in kinds and e.get("subject") == f"section:{case.section}"]
        attached = calls[-1]["facts"]["attachments"] if calls else []
        for row in newest.values():
            held = any(all(same(row[n], one.get(n)) for n in ("name", "sha256", "size")) for one in attached)
            need(held, f"{row['name']} 不是最新公告所附", f"{row['name']} is not what the newest call attached")
    with out.at("questions.json"):
        asked = case.archive.json("questions.json")
        # Archives built before objections to the documents were kept have no such list.
        older = isinstance(asked, dict) and "objections" not in asked
        asked = exactly(asked, ("questions", "clarifications", *(() if older else ("objections",))))
        need(all(isinstance(part, list) for part in asked.values()), "格式不符", "malformed")
        for part, kind, kept in (
            ("questions", "question.ask", ("number", "text")),
            ("clarifications", "clarification.publish", ("number", "text", "old_deadline_at", "new_deadline_at")),
        ):
            entries = [entry["facts"] for entry in case.told(kind, f"section:{case.section}")]
            meant = [{name: facts[name] for name in kept} for facts in entries]
            rows_here = [{name: row[name] for name in kept} for row in asked[part]]
            need(same(rows_here, meant), f"{part} 与日志所载不同", f"{part} are not those the ledger tells")
        for part, kind, name in (
            ("questions", "question.ask", "asked_at"),
            ("clarifications", "clarification.publish", "published_at"),
            ("objections", "document_objection.raise", "raised_at"),
        ):
            for row, entry in zip(asked.get(part, []), case.told(kind, f"section:{case.section}"), strict=True):
                soon(row[name], entry["at"])
        check_objections(case, asked.get("objections", []))
    return (
        f"公告 {len(rows)} 份，文件 {len(documents)} 份，与日志一致",
        f"{len(rows)} notices as told, {len(documents)} documents",
    )

"""The bidder's program against a running server: the whole way, broken connections, wrong receipts, two languages."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.serving import make_server

from accounts import services as accounts_services
from accounts.cli import Identity, locks
from accounts.queries import organisation, person_by_id
from accounts.rules import Role, SmallAuthority
from accounts.rules.certificates import facts_of
from bidding import cli, queries, rules
from bidding.cli import facts
from bidding.cli.folder import BidFolder
from core.act import SYSTEM
from core.errors import Conflict, Invalid, Refusal
from core.seal import handle_of, peel
from tests import factories
from tests.bidding import two_persons
from tests.bidding.stage import Stage, refused


class Proxy:
    """The site, which drops the connection at chosen requests as a bad network does."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.seen: list[str] = []
        self.drop: list[tuple[str, int]] = []
        self.travelled = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        method = environ["REQUEST_METHOD"]
        self.seen.append(method)
        for number, (wanted, after) in enumerate(self.drop):
            if wanted == method:
                if after:
                    self.drop[number] = (wanted, after - 1)
                    break
                del self.drop[number]
                answered = wanted == "POST" and environ["PATH_INFO"].endswith("/submissions")
                if answered:  # the commit is done, its answer is lost
                    list(self.app(environ, lambda *_: lambda data: None))
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                raise ConnectionResetError("dropped")
        if method == "PATCH":
            self.travelled += int(environ["CONTENT_LENGTH"])
        return self.app(environ, start_response)


@pytest.fixture
def proxy(app: Flask) -> Proxy:
    return Proxy(app)


@pytest.fixture
def server(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The site on a local port."""
    monkeypatch.setattr("bidding.cli.sending.PATIENCE", (0.01, 0.01, 0.01))
    running = make_server("127.0.0.1", 0, proxy, threaded=True)  # type: ignore[arg-type]
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()


@pytest.fixture
def identity(stage: Stage, tmp_path: Path) -> Path:
    """A bidder's folder with a certificate the platform accepts."""
    actor = factories.actor(stage.platform, Role.BIDDER)
    own = Identity.create(tmp_path / "identity")
    with stage.platform.act(SYSTEM) as act:
        authority = SmallAuthority.create("滨江认证", at=act.now)
        accounts_services.add_authority(act, name="滨江认证", pem=authority.pem)
        assert actor.person_id is not None and actor.organisation_id is not None
        person = person_by_id(act.session, actor.person_id)
        assert organisation(act.session, actor.organisation_id)
        held = accounts_services.issue_certificate(
            act, person, authority=authority, public_key=own.public_key, days=300
        )
        own.accept_certificate(held.pem)
    return own.folder


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The files of a bid by envelope and slot, the technical one larger than a part."""
    for place, content in {
        "qualification/licence/营业执照.pdf": b"%PDF licence",
        "qualification/letter/投标函.pdf": b"%PDF letter",
        "technical/proposal/施工组织设计.docx": b"PK" + bytes(range(256)) * 20_000,
        "price/boq/清单.xlsx": b"PK boq",
    }.items():
        path = tmp_path / "files" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "files"


def run(command: Any, *arguments: str | Path) -> Result:
    """Run a command; refusals come out as they are."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)
    return result


def seal(stage: Stage, server: str, identity: Path, files: Path, out: Path, *more: str | Path) -> dict[str, Any]:
    """`sunbid seal … --json`."""
    envelopes = [f"--envelope={name}={files / name}" for name in ("qualification", "technical", "price")]
    result = run(
        cli.seal, "--server", server, "--section", stage.code, "--identity", identity, "--out", out, "--json",
        "--price", "36,500,000.00", "--duration", "350", "--manager", "王工", "--manager-certificate", "浙1332",
        *envelopes, *more,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def submit(folder: Path, identity: Path, *more: str) -> dict[str, Any]:
    """`sunbid submit … --json`."""
    result = run(cli.submit, folder, "--identity", identity, "--json", *more)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_a_bid_made_for_older_documents_is_received_with_a_warning(
    stage: Stage, server: str, identity: Path, files: Path, tmp_path: Path
) -> None:
    """Sealed for the first version, sent after the second; and held while a third comes out (R-133).

    What is pinned is what the page pins. Seen red: without the pinned hashes compared; without `published_after`.
    """
    seal(stage, server, identity, files, tmp_path / "one")
    folder = BidFolder(tmp_path / "one")
    assert set(folder.destination) == {"server", "platform_key", "trust", "later", "documents"}
    assert folder.later == [] and [one["version"] for one in folder.documents] == [1, 1]
    publish_version(stage, b"two")
    told = run(cli.submit, tmp_path / "one", "--identity", identity, "--json")
    assert told.exit_code == 0, told.output
    changed = json.loads(told.stdout)["documents_changed"]
    assert [(one["slot"], one["version"]) for one in changed] == [("tender", 2)]
    assert "R-133" in told.stderr and "tender：第 2 版" in told.stderr
    assert held_changes(stage, server, identity) == []
    stage.platform.clock.advance(hours=1)
    publish_version(stage, b"three")
    assert held_changes(stage, server, identity) == [("tender", 3)]


def test_a_consortium_is_sealed_where_it_may_bid_and_is_whole(
    stage: Stage, server: str, identity: Path, files: Path, tmp_path: Path
) -> None:
    """Refused while the section accepts none, while the agreement is missing, and with the bidder among its partners.

    Seen red: without `_refuse_bad_consortium`; with the draft's consortium not handed to what is sealed.
    """
    more = ("--share", "60", "--work", "土建", "--member", "丙丁机电有限公司", factories.uscc(71), "40", "机电")
    out = tmp_path / "bid"
    with refused(Invalid, "client.consortium", place="consortium.joint"):
        seal(stage, server, identity, files, out, *more)
    with stage.act(Role.OFFICER) as act:
        queries.section(act.session, stage.code).accepts_consortium = True
    with refused(Invalid, "client.consortium", place="qualification/consortium_agreement"):
        seal(stage, server, identity, files, out, *more)
    (files / "qualification/consortium_agreement").mkdir()
    (files / "qualification/consortium_agreement/协议书.pdf").write_bytes(b"%PDF agreement")
    with refused(Invalid, "client.consortium", place="consortium.lead.share"):
        seal(stage, server, identity, files, out, *more[:-2], "39", "机电")
    bidder = facts_of(Identity(identity).certificate)
    with refused(Invalid, "client.member_self"):
        seal(stage, server, identity, files, out, *more[:6], bidder.identifier.lower(), *more[7:])
    seal(stage, server, identity, files, out, *more)
    package = (out / "identity.officer+tenderee.age").read_bytes()
    claims = json.loads(peel(peel(package, stage.trustees["officer"]), stage.trustees["tenderee"]))
    assert claims["consortium"] == [
        {"name": bidder.subject_name, "uscc": bidder.identifier, "role": "lead", "share": 6_000, "work": "土建"},
        {"name": "丙丁机电有限公司", "uscc": factories.uscc(71), "role": "member", "share": 4_000, "work": "机电"},
    ]


def publish_version(stage: Stage, content: bytes) -> None:
    """A clarification puts another tender document in the place of the last one."""
    stored = stage.platform.store.put(content)
    two_persons.clarify(stage.platform, stage.code, documents=[("tender", "招标文件.pdf", stored)])


def held_changes(stage: Stage, server: str, identity: Path) -> list[tuple[str, int]]:
    """What `sunbid held` says has changed since the bid was received."""
    told = run(cli.held, "--identity", identity, "--server", server, "--section", stage.code, "--json")
    changed = json.loads(told.stdout)["documents_changed"]
    assert ("R-133" in told.stderr) == bool(changed)
    return [(one["slot"], one["version"]) for one in changed]


def test_the_whole_way(stage: Stage, server: str, identity: Path, files: Path, tmp_path: Path) -> None:
    """Seal, submit, ask, replace, withdraw, come back; the closed set holds the last one.

    Seen red: with the previous digest taken from the first folder of the chain.
    """
    first = seal(stage, server, identity, files, tmp_path / "one")
    assert first["submitted"] is False
    receipt = submit(tmp_path / "one", identity)["receipt"]
    assert (tmp_path / "one" / "receipt.json").stat().st_mode & 0o777 == 0o600
    for file in ("uploads.json", "destination.json", "policy.json", "private.json"):
        assert (tmp_path / "one" / file).stat().st_mode & 0o077 == 0, file
    held = json.loads(
        run(cli.held, "--identity", identity, "--server", server, "--section", stage.code, "--json").stdout
    )
    assert [item["receipt"] for item in held["submissions"]] == [{**receipt, "vouched": None}]
    seal(stage, server, identity, files, tmp_path / "two", "--replaces", tmp_path / "one")
    assert run(cli.replace, tmp_path / "two", "--identity", identity).exit_code == 0
    assert run(cli.withdraw, tmp_path / "two", "--identity", identity).exit_code == 0
    last = seal(stage, server, identity, files, tmp_path / "three", "--replaces", tmp_path / "two.withdrawn")
    assert last["kind"] == "submit"
    submit(tmp_path / "three", identity)
    with stage.platform.reading() as session:
        rows = queries.chain(session, stage.section().id, handle_of(Identity(identity).secret, stage.code))
    assert [row.kind for row in rows] == ["submit", "replace", "withdraw", "submit"]
    stage.platform.clock.move_to(stage.section().closing_at)
    assert [item["submission_digest"] for item in stage.close().items] == [last["digest"]]


def test_a_replacement_is_asked_for_in_its_words(
    stage: Stage, server: str, identity: Path, files: Path, tmp_path: Path
) -> None:
    """Seen red: `replace` sending a first submission."""
    seal(stage, server, identity, files, tmp_path / "one")
    with refused(Invalid, "client.not_a_replacement"):
        run(cli.replace, tmp_path / "one", "--identity", identity)
    with refused(Invalid, "client.no_receipt"):
        run(cli.withdraw, tmp_path / "one", "--identity", identity)
    with refused(Invalid, "client.no_receipt"):
        seal(stage, server, identity, files, tmp_path / "two", "--replaces", tmp_path / "one")


def test_an_upload_goes_on_after_the_connection_broke(
    stage: Stage,
    server: str,
    proxy: Proxy,
    identity: Path,
    files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Dropped at several parts, then at all tries: run again, only the rest travels. Seen red: without uploads.json."""
    monkeypatch.setattr("bidding.cli.sending.PART", 1 << 20)
    seal(stage, server, identity, files, tmp_path / "bid")
    small = len(list((tmp_path / "bid").glob("*.age"))) - 3 - 1
    proxy.drop = [("PATCH", 3), ("HEAD", 0), ("PATCH", small), ("PATCH", 0), ("PATCH", 0)]
    with refused(Refusal, "server.unreachable"):
        submit(tmp_path / "bid", identity)
    assert not (tmp_path / "bid" / "receipt.json").exists()
    assert proxy.drop == []
    travelled, proxy.travelled, proxy.seen = proxy.travelled, 0, []
    submit(tmp_path / "bid", identity)
    size = (tmp_path / "bid" / "technical.bulk.age").stat().st_size
    assert travelled > 2 << 20
    assert proxy.travelled <= size - (2 << 20)
    proxy.seen = []
    submit(tmp_path / "bid", identity)
    assert proxy.seen == []


def test_a_lost_answer_to_the_commit_is_asked_for_again(
    stage: Stage, server: str, proxy: Proxy, identity: Path, files: Path, tmp_path: Path
) -> None:
    """The commit was done and the answer lost: one row, one receipt (R6), also when the machine died before
    keeping it. Seen red: with a key made of the time.
    """
    seal(stage, server, identity, files, tmp_path / "bid")
    commits = 1 + sum(1 for _ in (tmp_path / "bid").glob("*.age")) - 3 + 2
    proxy.drop = [("POST", commits - 1)]
    receipt = submit(tmp_path / "bid", identity)["receipt"]
    with stage.platform.reading() as session:
        (row,) = queries.submissions(session, stage.section())
    assert row.receipt == receipt
    assert proxy.drop == []
    (tmp_path / "bid" / "receipt.json").unlink()
    assert submit(tmp_path / "bid", identity)["receipt"] == receipt


def test_a_missing_file_is_found_before_anything_is_sealed(
    stage: Stage, server: str, identity: Path, files: Path, tmp_path: Path
) -> None:
    """The server cannot see into envelopes. Seen red: without check_slots."""
    (files / "price" / "boq" / "清单.xlsx").unlink()
    (files / "price" / "main.txt").write_text("x")
    with pytest.raises(Invalid) as caught:
        seal(stage, server, identity, files, tmp_path / "bid")
    assert caught.value.code == "client.slots"
    assert "price/boq" in caught.value.facts["missing"]
    assert not (tmp_path / "bid").exists()


def test_refusals_come_through(stage: Stage, server: str, identity: Path, files: Path, tmp_path: Path) -> None:
    """Late, and sealed for an older policy: the server's code, no receipt kept. Seen red: with `raise_for_status`."""
    seal(stage, server, identity, files, tmp_path / "bid")
    stage.platform.clock.advance(days=20)
    two_persons.clarify(stage.platform, stage.code, text="改。")
    with refused(Invalid, "bid.old_policy"):
        submit(tmp_path / "bid", identity)
    seal(stage, server, identity, files, tmp_path / "new")
    stage.platform.clock.move_to(stage.section().closing_at)
    with refused(Conflict, "bid.late"):
        submit(tmp_path / "new", identity)
    assert not (tmp_path / "new" / "receipt.json").exists()


def test_a_receipt_is_verified_offline(stage: Stage, server: str, identity: Path, files: Path, tmp_path: Path) -> None:
    """Own, changed, another platform's. Seen red: with the receipt's own key used although one was pinned."""
    seal(stage, server, identity, files, tmp_path / "bid")
    submit(tmp_path / "bid", identity)
    file = tmp_path / "bid" / "receipt.json"
    told = json.loads(run(cli.receipt, "verify", file, "--json").stdout)
    assert told["valid"] and told["own"] and told["key_known"]
    assert told["platform_key"] == str(stage.platform.signer.verifier)
    alone = tmp_path / "alone" / "receipt.json"
    alone.parent.mkdir()
    alone.write_bytes(file.read_bytes())
    told = json.loads(run(cli.receipt, "verify", alone, "--json").stdout)
    assert not told["own"] and not told["key_known"]
    from core.ledger.notes import Signer

    foreign = str(Signer("sunbid.test", bytes(32)).verifier)
    with refused(Invalid, "receipt.key"):
        run(cli.receipt, "verify", alone, "--key", foreign)
    content = json.loads(file.read_text())
    alone.write_text(json.dumps({**content, "received_at": "2026-10-01T00:00:00.000000Z"}))
    with refused(Invalid, "receipt.signature"):
        run(cli.receipt, "verify", alone)
    alone.write_text("{")
    with refused(Invalid, "receipt.unreadable"):
        run(cli.receipt, "verify", alone)


def test_it_speaks_the_language_of_the_terminal(
    stage: Stage, server: str, identity: Path, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen red: with the texts written in one language."""
    seal(stage, server, identity, files, tmp_path / "bid")
    for lang, word in (("zh_CN.UTF-8", "已递交"), ("en_GB.UTF-8", "Submitted")):
        monkeypatch.setenv("LC_ALL", lang)
        assert word in run(cli.submit, tmp_path / "bid", "--identity", identity).output


def test_exit_codes_of_the_command(tmp_path: Path) -> None:
    """0 done, 1 refused with one sentence on stderr, 2 misused. Seen red: with tracebacks for refusals."""

    def sunbid(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = "import sys; from portal.cli import main; main(sys.argv[1:])"
        return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)

    (tmp_path / "receipt.json").write_text("{}")
    assert sunbid("receipt", "--help").returncode == 0
    refused_one = sunbid("receipt", "verify", str(tmp_path / "receipt.json"))
    assert refused_one.returncode == 1
    assert "receipt.malformed" in refused_one.stderr and "Traceback" not in refused_one.stderr
    assert sunbid("receipt", "verify").returncode == 2
    assert sunbid("seal", "--identity", str(tmp_path), "--out", str(tmp_path / "x")).returncode == 2


def test_sealing_loads_no_server_and_no_database() -> None:
    """R-022, ARCHITECTURE §2. Seen red: with bidding.queries imported in folder.py."""
    program = (
        "import sys, bidding.cli; "
        "print([name for name in ('flask', 'sqlalchemy', 'core.db', 'core.act', 'portal') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "[]"


def test_an_anonymous_envelope_is_looked_into_before_it_is_sealed(
    stage: Stage, identity: Path, files: Path, tmp_path: Path
) -> None:
    """暗标: another format is refused; the firm's name in properties and text, and a phone number, are warned of.

    Seen red: without check_format; with the text alone looked at, and with the properties alone."""
    policy = tmp_path / "policy.json"
    layout = rules.layout(is_anonymous=True)
    policy.write_text(json.dumps({"policy": stage.policy(), "envelopes": layout}, default=str), encoding="utf-8")
    name = facts_of(Identity(identity).certificate).subject_name
    proposal = files / "technical" / "proposal" / "施工组织设计.docx"
    document: Any = docx.Document()
    document.add_paragraph(f"本工程由 {name[:3]} {name[3:]} 组织施工，联系 13800138000")
    document.core_properties.author = name
    document.save(str(proposal))

    def tried(out: str) -> Result:
        envelopes = [f"--envelope={one}={files / one}" for one in ("qualification", "technical", "price")]
        return run(
            cli.seal, "--policy", policy, "--identity", identity, "--out", tmp_path / out, "--price", "36500000",
            "--duration", "350", "--manager", "王建国", "--manager-certificate", "浙1332", *envelopes,
        )  # fmt: skip

    warned = tried("one").stderr
    assert f"文档属性出现单位名称“{name}”" in warned and f"正文出现单位名称“{name}”" in warned
    assert "手机号" in warned and "13800138000" not in warned and "王建国" not in warned
    (proposal.parent / "图.xlsx").write_bytes(b"PK")
    with pytest.raises(Invalid, match=r"client\.anonymous_format"):
        tried("two")
    assert not (tmp_path / "two").exists()


def test_the_locks_in_the_machine_are_read_and_sealed_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the makers of locks alone, each once, typed ones first. Seen red: with every USB socket's number taken."""
    sockets = {
        "1-1": ("096E", "4407-9921"),
        "1-2": ("046d", "MOUSE-1"),
        "1-3": ("0529", ""),
        "2-1": ("096e", "4407-9921"),
    }
    for name, (maker, serial) in sockets.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "idVendor").write_text(f"{maker}\n")
        if serial:
            (tmp_path / name / "serial").write_text(f"{serial}\n")
    (tmp_path / "usb1").mkdir()
    assert facts.locks(tmp_path) == ["4407-9921"]
    monkeypatch.delenv(facts.DEVICE, raising=False)
    monkeypatch.setattr(locks, "USB", tmp_path)
    assert facts.device(["B7"])["locks"] == ["B7", "4407-9921"]
    monkeypatch.setattr(locks, "USB", tmp_path / "none")
    assert "locks" not in facts.device()

"""Uploads and the commit over HTTP: resumable, cut off, corrupted, hostile; and the whole way to a receipt."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from accounts.rules import Role
from bidding import services
from bidding.models import Upload
from bidding.rules.uploads import MAX_PART
from bidding.services.uploads import _Hashes, partial_file, partial_folder, running
from core.errors import Conflict, Refusal
from core.seal import Sealed
from core.store import ObjectStore
from tests.bidding.stage import Bidder, Stage, refused, request_of
from tests.conftest import Browser

TUS = {"Tus-Resumable": "1.0.0"}
BODY = {**TUS, "Content-Type": "application/offset+octet-stream"}
Make = Callable[[str], Bidder]
Headers = dict[str, str]


def create(client: Browser, headers: Headers, content: bytes, body: bytes = b"", **changes: str) -> TestResponse:
    """Open an upload of `content`, perhaps with the first bytes."""
    metadata = "sha256 " + base64.b64encode(hashlib.sha256(content).hexdigest().encode()).decode()
    own = {**(BODY if body else TUS), **headers, "Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    return client.post("/files", headers={**own, **changes}, data=body or None)


def append(client: Browser, location: str, offset: int, body: bytes, **changes: str) -> TestResponse:
    """PATCH without any credentials."""
    return client.patch(location, headers={**BODY, "Upload-Offset": str(offset), **changes}, data=body, plain=True)


def raw_patch(app: Flask, location: str, stream: Any, announced: int) -> tuple[int, Any]:
    """PATCH a stream that need not hold what Content-Length announces, as a server hands it on."""
    builder = EnvironBuilder(path=location, method="PATCH", headers={**BODY, "Upload-Offset": "0"})
    environ = builder.get_environ()
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = stream, str(announced)
    environ["wsgi.input_terminated"] = True  # as gunicorn says, so that Werkzeug does not count
    chunks, status, _ = run_wsgi_app(app.wsgi_app, environ)
    return int(status[:3]), json.loads(b"".join(chunks))


def upload(client: Browser, headers: Headers, content: bytes, part: int = 50_000) -> None:
    """Upload in parts."""
    answer = create(client, headers, content)
    assert answer.status_code == 201, answer.text
    for offset in range(int(answer.headers["Upload-Offset"]), len(content), part):
        patched = append(client, answer.headers["Location"], offset, content[offset : offset + part])
        assert patched.status_code == 204, patched.text


def objects(sealed: Sealed) -> list[bytes]:
    """Everything to upload of a sealed bid."""
    paths = [*sealed.bulks.values(), *(path for keys in sealed.keys.values() for path in keys.values())]
    return [path.read_bytes() for path in paths]


def leftovers(stage: Stage) -> list[str]:
    """Files of unfinished uploads."""
    folder = partial_folder(stage.platform.store)
    return [file.name for file in folder.iterdir()] if folder.is_dir() else []


def test_the_server_says_what_it_speaks(client: Browser) -> None:
    """Seen red: with Flask's automatic OPTIONS."""
    answer = client.options("/files")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,creation-with-upload,expiration"
    assert int(answer.headers["Tus-Max-Size"]) > 8 << 30


def test_from_upload_to_receipt(stage: Stage, client: Browser, headers: Headers, sealed: Sealed) -> None:
    """Everything in parts, then the commit, then what is held. Seen red: with the last part left out."""
    for content in objects(sealed):
        upload(client, headers, content)
    answer = client.post(f"/sections/{stage.code}/submissions", json=request_of(sealed), headers=headers)
    assert answer.status_code == 201, answer.text
    receipt = answer.json
    again = client.post(f"/sections/{stage.code}/submissions", json=request_of(sealed), headers=headers)
    assert (again.status_code, again.json) == (201, receipt)
    handle = sealed.submission["handle"]
    held = client.get(f"/sections/{stage.code}/submissions/{handle}", headers={"Accept": "application/json"})
    assert [item["receipt"] for item in held.json["submissions"]] == [{**receipt, "vouched": None}]
    assert handle in client.get(f"/sections/{stage.code}/held?handle={handle}").text
    unknown = client.get(f"/sections/{stage.code}/submissions/{'0' * 64}", headers={"Accept": "application/json"})
    assert (unknown.status_code, unknown.json["code"]) == (404, "bid.unknown")
    assert leftovers(stage) == []


def test_a_cut_upload_goes_on_where_it_was(
    stage: Stage, app: Flask, client: Browser, headers: Headers, sealed: Sealed
) -> None:
    """A body that breaks off keeps what came. Seen red: with the offset recorded only at the end of a request."""
    content = sealed.bulks["technical"].read_bytes()
    location = create(client, headers, content).headers["Location"]

    class Broken(io.RawIOBase):
        def __init__(self) -> None:
            self.given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            if self.given >= 30_000:
                raise OSError("connection reset")
            size = min(len(buffer), 30_000 - self.given)
            buffer[:size] = content[self.given : self.given + size]
            self.given += size
            return size

    status, body = raw_patch(app, location, Broken(), len(content))
    assert (status, body["code"], body["facts"]["received"]) == (400, "upload.cut", 30_000)
    state = client.head(location, headers=TUS)
    assert state.headers["Upload-Offset"] == "30000"
    assert state.headers["Upload-Length"] == str(len(content))
    assert append(client, location, 0, content).status_code == 409
    assert append(client, location, 30_000, content[30_000:]).status_code == 204
    assert stage.platform.store.read(hashlib.sha256(content).hexdigest()) == content


def test_a_plain_end_of_file_is_not_taken_for_the_end(
    app: Flask, client: Browser, headers: Headers, sealed: Sealed
) -> None:
    """Some servers show a cut body as a normal end (SEALING §11). Seen red: without comparing with Content-Length."""
    content = sealed.bulks["technical"].read_bytes()
    location = create(client, headers, content).headers["Location"]
    status, body = raw_patch(app, location, io.BytesIO(content[:40_000]), len(content))
    assert (status, body["code"]) == (400, "upload.cut")
    assert client.head(location, headers=TUS).headers["Upload-Offset"] == "40000"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7 price 36500000" + b" " * 70_000, "bid.not_encrypted"),
        (b"PK\x03\x04" + b"\0" * 200, "bid.not_encrypted"),
        ("投标报价三千六百五十万元".encode() * 10, "bid.not_encrypted"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\nx" * 9, "seal.armored"),
        (b"age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 18\n" + b"A" * 43 + b"\n" + b"x" * 400, None),
        (b"age-encryption.org/v1\n" + b"-> X25519 " + b"A" * 5000, None),
    ],
)
def test_plaintext_is_refused_at_once_and_nothing_is_kept(
    stage: Stage, client: Browser, headers: Headers, content: bytes, code: str | None
) -> None:
    """R-202: refused with the reason in the first answer, no byte stays. Seen red: with the lint at the end only."""
    answer = create(client, headers, content, content[:60])
    assert answer.status_code == 422 or content.startswith(b"age-encryption.org/v1\n")
    if answer.status_code == 201:
        answer = append(client, answer.headers["Location"], 60, content[60:])
    assert answer.status_code == 422, answer.text
    assert answer.json["code"] == code if code else answer.json["code"].startswith(("seal.", "bid."))
    assert answer.json["detail"]
    assert leftovers(stage) == []
    for file in stage.platform.database.folder.rglob("*"):
        if file.is_file() and len(content) > 300:
            assert content[:300] not in file.read_bytes(), file
    with stage.platform.reading() as session:
        assert session.query(Upload).count() == 0


def test_a_corrupted_upload_is_refused_and_can_be_begun_again(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed
) -> None:
    """One flipped bit on the way. Seen red: with `expected` not passed to the store."""
    content = sealed.bulks["price"].read_bytes()
    wrong = content[:50_000] + bytes([content[50_000] ^ 1]) + content[50_001:]
    location = create(client, headers, content).headers["Location"]
    answer = append(client, location, 0, wrong)
    assert (answer.status_code, answer.json["code"]) == (422, "object.hash")
    assert client.head(location, headers=TUS).status_code == 404
    assert not stage.platform.store.has(hashlib.sha256(content).hexdigest())
    assert not stage.platform.store.has(hashlib.sha256(wrong).hexdigest())
    upload(client, headers, content)


def test_a_bulk_of_an_impossible_size_is_refused_before_its_gigabytes(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed
) -> None:
    """The ladder shows in the announced length. Seen red: without lint_size at the head."""
    content = sealed.bulks["price"].read_bytes() + b"\0"
    answer = create(client, headers, content, content[:5000])
    assert (answer.status_code, answer.json["code"]) == (422, "bid.torn")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"Upload-Length": "0"}, 422, "upload.length"),
        ({"Upload-Length": "-5"}, 422, "upload.length"),
        ({"Upload-Length": "9" * 15}, 422, "upload.length"),
        ({"Upload-Length": "x"}, 422, "upload.length"),
        ({"Upload-Metadata": ""}, 422, "upload.metadata"),
        ({"Upload-Metadata": "sha256 !!!"}, 422, "upload.metadata"),
        ({"Upload-Metadata": "sha256 " + base64.b64encode(b"Z" * 64).decode()}, 422, "form.digest"),
        ({"Tus-Resumable": "0.2.2"}, 422, "upload.version"),
        ({"Authorization": "Bearer nobody"}, 401, "signin.required"),
    ],
)
def test_wrong_requests_are_refused(
    client: Browser, headers: Headers, changes: Headers, status: int, code: str
) -> None:
    """Seen red: each by dropping its check."""
    answer = create(client, headers, b"age" * 50, **changes)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_only_who_may_bid_opens_an_upload(client: Browser, bearer: Callable[..., Headers], stage: Stage) -> None:
    """A cookie does not count here either. Seen red: with @public on the creation."""
    assert create(client, {}, b"x").status_code == 401
    assert create(client, bearer(Role.EXPERT), b"x").status_code == 403
    assert create(client, bearer(Role.OPERATOR), b"x").status_code == 403


def test_wrong_parts_are_refused(app: Flask, client: Browser, headers: Headers, sealed: Sealed) -> None:
    """Seen red: each by dropping its check."""
    content = sealed.bulks["price"].read_bytes()
    location = create(client, headers, content).headers["Location"]
    assert append(client, "/files/" + "0" * 64, 0, b"x").status_code == 404
    assert append(client, location, 5, b"x").json["code"] == "upload.offset"
    assert append(client, location, 0, b"x", **{"Upload-Offset": "x"}).status_code == 422
    assert append(client, location, 0, b"x", **{"Content-Type": "text/plain"}).json["code"] == "upload.type"
    assert append(client, location, 0, b"x", **{"Tus-Resumable": "2"}).json["code"] == "upload.version"
    assert raw_patch(app, location, io.BytesIO(b""), MAX_PART + 1)[0] == 413
    assert client.head(location, headers=TUS).headers["Upload-Offset"] == "0"
    beyond = append(client, location, 0, content + b"x")
    assert (beyond.status_code, beyond.json["code"]) == (422, "upload.too_long")


def test_two_writers_of_one_upload_do_not_mix(stage: Stage, sealed: Sealed) -> None:
    """The second is told to wait, the first ends well. Seen red: without the lock on the file."""
    content = sealed.bulks["technical"].read_bytes()
    platform = stage.platform
    with stage.act(Role.BIDDER) as act:
        _, token = services.create_upload(act, length=len(content), sha256=hashlib.sha256(content).hexdigest())
    entered, leave = threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        yield content[:10_000]
        entered.set()
        assert leave.wait(10)
        yield content[10_000:]

    first = threading.Thread(target=lambda: services.append_upload(platform, token, 0, slow()))
    first.start()
    assert entered.wait(10)
    with refused(Conflict, "upload.busy"):
        services.append_upload(platform, token, 0, iter([b"age-encryption.org/v1 stolen"]))
    leave.set()
    first.join(10)
    assert platform.store.read(hashlib.sha256(content).hexdigest()) == content


def test_what_the_store_holds_needs_no_second_upload(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed
) -> None:
    """Also after a crash between storing and telling the row. Seen red: with the row's own count believed."""
    content = sealed.bulks["price"].read_bytes()
    location = create(client, headers, content).headers["Location"]
    assert append(client, location, 0, content[:50_000]).status_code == 204
    stage.platform.store.put(content)
    assert client.head(location, headers=TUS).headers["Upload-Offset"] == str(len(content))
    again = create(client, headers, content)
    assert again.headers["Upload-Offset"] == str(len(content))


def test_bytes_lost_with_the_power_are_asked_for_again(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed
) -> None:
    """The row knows of more than the disk has: begin again. Seen red: the gap was filled with zeros."""
    content = sealed.bulks["price"].read_bytes()
    location = create(client, headers, content).headers["Location"]
    assert append(client, location, 0, content[:50_000]).status_code == 204
    (name,) = leftovers(stage)
    partial_file(stage.platform.store, name).write_bytes(b"")
    answer = append(client, location, 50_000, content[50_000:])
    assert (answer.status_code, answer.json["facts"]["offset"]) == (409, 0)
    assert client.head(location, headers=TUS).headers["Upload-Offset"] == "0"
    assert append(client, location, 0, content).status_code == 204


@pytest.mark.parametrize("forgotten", [False, True])
def test_an_upload_in_parts_is_hashed_as_it_comes_or_read_again(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed, monkeypatch: pytest.MonkeyPatch, forgotten: bool
) -> None:
    """A part that comes to another process finds no hash under way and the whole is read; wrong bytes are found anyway.

    Seen red: with the hash of the last part alone, and with what was forgotten begun anew.
    """
    content = sealed.bulks["technical"].read_bytes()
    read_again: list[str] = []
    real = ObjectStore.adopt

    def adopt(self: ObjectStore, file: Path, *, expected: str | None = None) -> Any:
        read_again.append(file.name)
        return real(self, file, expected=expected)

    monkeypatch.setattr(ObjectStore, "adopt", adopt)

    def in_parts(data: bytes, location: str) -> TestResponse:
        for offset in range(0, len(data), 20_000):
            answer = append(client, location, offset, data[offset : offset + 20_000])
            if forgotten:
                running._held.clear()
        return answer

    wrong = content[:30_000] + bytes([content[30_000] ^ 1]) + content[30_001:]
    answer = in_parts(wrong, create(client, headers, content).headers["Location"])
    assert (answer.status_code, answer.json["code"]) == (422, "object.hash")
    assert leftovers(stage) == []
    assert in_parts(content, create(client, headers, content).headers["Location"]).status_code == 204
    assert stage.platform.store.read(hashlib.sha256(content).hexdigest()) == content
    assert len(read_again) == (2 if forgotten else 0)
    assert running._held == {}


def test_hashes_under_way_are_few_and_each_is_one_uploads() -> None:
    """Seen red: without the limit, and with a hash given twice."""
    few = _Hashes(2)
    for name in "abc":
        digest = few.take(name, (7, 0, 1))
        assert digest is not None
        digest.update(name.encode())
        few.keep(name, (7, 1, 2), digest)
    assert few.take("a", (7, 1, 2)) is None
    found = few.take("c", (7, 1, 2))
    assert found is not None and found.hexdigest() == hashlib.sha256(b"c").hexdigest()
    assert few.take("c", (7, 1, 2)) is None
    assert few.take("b", (7, 2, 2)) is None
    few.keep("d", (7, 5, 2), None)
    assert few.take("d", (7, 5, 2)) is None


def test_a_hash_under_way_is_not_believed_about_other_bytes(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed
) -> None:
    """Another process wrote to the file meanwhile: what comes out must not bear the name of what was hashed here.

    Seen red: with the offset alone remembered, the store held other bytes under the name.
    """
    content = sealed.bulks["technical"].read_bytes()
    location = create(client, headers, content).headers["Location"]
    assert append(client, location, 0, content[:20_000]).status_code == 204
    (name,) = leftovers(stage)
    file = partial_file(stage.platform.store, name)
    file.unlink()
    file.write_bytes(content[:10_000] + b"x" + content[10_001:20_000])
    answer = append(client, location, 20_000, content[20_000:])
    assert (answer.status_code, answer.json["code"]) == (422, "object.hash")
    assert not stage.platform.store.has(hashlib.sha256(content).hexdigest())


def test_what_another_upload_waits_for_is_not_swept(stage: Stage, sealed: Sealed) -> None:
    """Two uploads of the same content, the older one expires. Seen red: without asking for the other."""
    content = sealed.bulks["price"].read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    with stage.act(Role.BIDDER) as act:
        _, token = services.create_upload(act, length=len(content), sha256=sha256)
    services.append_upload(stage.platform, token, 0, iter([content]))
    stage.platform.clock.advance(days=10)
    with stage.act(Role.BIDDER) as act:
        young, _ = services.create_upload(act, length=len(content), sha256=sha256)
        assert young.is_complete
    stage.platform.clock.advance(days=6)
    with stage.act(Role.OFFICER) as act:
        assert services.sweep_uploads(act) == 1
    assert stage.platform.store.has(sha256)
    stage.platform.clock.advance(days=16)
    with stage.act(Role.OFFICER) as act:
        assert services.sweep_uploads(act) == 1
    assert not stage.platform.store.has(sha256)


def test_sweeping_takes_what_expired_and_nobody_named(stage: Stage, sealed: Sealed, bidder: Make) -> None:
    """Committed ciphertext stays, forgotten ciphertext and halves go, young ones stay. Seen red: without the marks."""
    other = bidder("乙").seal(stage.policy())
    platform = stage.platform
    for content in (*objects(sealed), *objects(other)):
        with stage.act(Role.BIDDER) as act:
            _, token = services.create_upload(act, length=len(content), sha256=hashlib.sha256(content).hexdigest())
        services.append_upload(platform, token, 0, iter([content]))
    stage.commit(sealed, deposited=True)
    half = b"age-encryption.org/v1\n"
    with stage.act(Role.BIDDER) as act:
        _, token = services.create_upload(act, length=400, sha256="0" * 64)
    services.append_upload(platform, token, 0, iter([half]))
    with stage.act(Role.OFFICER) as act:
        assert services.sweep_uploads(act) == 0
    platform.clock.advance(days=16)
    with stage.act(Role.OFFICER) as act:
        young, _ = services.create_upload(act, length=400, sha256="1" * 64)
        assert services.sweep_uploads(act) == len(objects(sealed)) + len(objects(other)) + 1
        assert [row.id for row in act.session.query(Upload)] == [young.id]
    assert leftovers(stage) == []
    for content in objects(sealed):
        assert platform.store.has(hashlib.sha256(content).hexdigest())
    for content in objects(other):
        assert not platform.store.has(hashlib.sha256(content).hexdigest())


def test_an_upload_reaches_no_object_that_is_not_ciphertext(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed
) -> None:
    """Whoever knows a public paper's hash opens an upload for it and lets it expire: the paper stays in the store.

    Nor does an upload say whether the store holds a paper. Seen red: swept by its hash alone, the published tender
    document was gone after two weeks; and its upload was complete at once.
    """
    platform, paper = stage.platform, b"%PDF-1.7 tender document, published " * 30
    held = platform.store.put(paper)
    early = b"%PDF-1.7 a report of next week " * 30
    for content in (paper, early):
        location = create(client, headers, content).headers["Location"]
        assert client.head(location, headers=TUS).headers["Upload-Offset"] == "0"
    platform.store.put(early)
    assert client.head(location, headers=TUS).headers["Upload-Offset"] == "0"
    platform.clock.advance(days=16)
    with stage.act(Role.OFFICER) as act:
        assert services.sweep_uploads(act) == 2
    assert platform.store.read(held.sha256) == paper
    assert platform.store.has(hashlib.sha256(early).hexdigest())


def test_an_expired_upload_is_unknown(stage: Stage, client: Browser, headers: Headers, sealed: Sealed) -> None:
    """Seen red: without looking at expires_at."""
    content = sealed.bulks["price"].read_bytes()
    location = create(client, headers, content).headers["Location"]
    stage.platform.clock.advance(days=16)
    assert client.head(location, headers=TUS).status_code == 404
    assert append(client, location, 0, content).status_code == 404


def test_no_instant_of_an_upload_is_finer_than_a_day(stage: Stage) -> None:
    """Two uploads of one day have equal rows but for their own names. Seen red: with now + 14 days."""
    stage.platform.clock.advance(hours=5, seconds=7)
    with stage.act(Role.BIDDER) as act:
        first, _ = services.create_upload(act, length=5, sha256="2" * 64)
    stage.platform.clock.advance(hours=3)
    with stage.act(Role.BIDDER) as act:
        second, _ = services.create_upload(act, length=5, sha256="2" * 64)
    assert first.expires_at == second.expires_at
    assert first.expires_at.microsecond == first.expires_at.second == first.expires_at.minute == 0


def test_a_full_disk_refuses_before_the_first_byte(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room is left for what is committed already (R28). Seen red: without asking for the free space."""
    import shutil

    usage = shutil.disk_usage("/")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=(1 << 30) + 99))
    with refused(Conflict, "upload.no_space"), stage.act(Role.BIDDER) as act:
        services.create_upload(act, length=100, sha256="3" * 64)
    with stage.act(Role.BIDDER) as act:
        services.create_upload(act, length=99, sha256="3" * 64)


def test_uploads_opened_at_once_share_a_transaction_and_one_refused_fails_alone(stage: Stage) -> None:
    """Ten wait, one of an impossible length among them. Seen red: with the refusal raised out of the group."""
    platform, ended = stage.platform, list[str]()
    crowd = platform.crowd("uploads")

    def note(connection: Any) -> None:
        if connection.get_execution_options().get("writes") or not platform.database.is_sqlite:
            ended.append("commit")

    def bring(number: int) -> Any:
        try:
            return services.open_upload(platform, 100 if number else 0, f"{number:064x}")
        except Refusal as refusal:
            return refusal.code

    event.listen(platform.database.engine, "commit", note)
    try:
        with ThreadPoolExecutor(10) as pool:
            with crowd.turn():
                waiting = [pool.submit(bring, number) for number in range(10)]
                while len(crowd._waiting) < 10:
                    threading.Event().wait(0.001)
            told = [one.result(30) for one in waiting]
    finally:
        event.remove(platform.database.engine, "commit", note)
    assert told[0] == "upload.length"
    assert len({begun.token for begun in told[1:]}) == 9
    assert ended == ["commit"]
    with platform.reading() as session:
        assert {upload.expected_sha256 for upload in session.query(Upload)} == {f"{n:064x}" for n in range(1, 10)}

"""Page, program and stock tools seal the same format: each opens what the others seal, in a real Chromium."""

from __future__ import annotations

import base64
import hmac
import io
import os
import shutil
import subprocess
import zipfile
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bidding.cli.folder import DESTINATION_FILE, RECEIPT_FILE, BidFolder
from bidding.cli.sealing import pinned
from core import seal as sealing
from core.seal import BidderKeys, Enclosure
from tests.browser.test_seal_modules import Compute, compute
from tests.core.seal.scene import Scene, make_bidder, make_facts, make_policy
from tests.core.seal.test_seal_stock_tools import SCRIPT, seal_by_script

__all__ = ["compute"]  # a fixture


SEAL = """
  const { seal } = await load("sealing");
  const { digestFile } = await load("digester");
  const { recipientOf } = await load("layers");
  const parts = {};
  const sealed = async () => {
    const files = {};
    for (const [envelope, list] of Object.entries(given.files)) {
      files[envelope] = [];
      for (const { slot, name, content } of list) {
        const file = new File([unbase64(content)], name);
        files[envelope].push({ slot, name, size: file.size, file, ...(await digestFile(file, 0)) });
      }
    }
    const key = await crypto.subtle.importKey(
      "pkcs8", unbase64(given.key), { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const { derSignature, identityKey } = await load("keys");
    const keys = {
      certificate: given.certificate, recipient: await recipientOf(given.identity),
      identity: await identityKey(given.identity), handleSeed: async () => bytesOf(given.seed),
      sign: async (message) => derSignature(new Uint8Array(
        await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, message))),
    };
    return seal({
      policy: given.policy, keys, facts: given.facts, files, after: null,
      open: (envelope) => {
        parts[envelope] = [];
        return {
          write: (bytes) => { parts[envelope].push(bytes.slice()); },
          close: () => new Blob(parts[envelope]),
        };
      },
    });
  };
  const made = await sealed();
  const bulks = {};
  for (const [envelope, list] of Object.entries(parts)) bulks[envelope] = base64(joined(...list));
  const coded = (packages) => Object.fromEntries(Object.entries(packages).map(([set, bytes]) => [set, base64(bytes)]));
  return {
    submission: made.submission, digest: made.digest, leaf: made.leaf, private: made.private, bulks,
    identity: coded(made.identity),
    packages: Object.fromEntries(Object.entries(made.packages).map(([envelope, each]) => [envelope, coded(each)])),
  };
"""


def contents(scene: Scene) -> dict[str, list[dict[str, str]]]:
    """The scene's files as the page takes them."""
    return {
        envelope: [
            {"slot": one.slot, "name": one.title, "content": base64.b64encode(one.path.read_bytes()).decode()}
            for one in enclosures
        ]
        for envelope, enclosures in scene.envelopes.items()
    }


def test_what_the_page_seals_opens_everywhere(compute: Compute, tmp_path: Path) -> None:
    """By `core.seal`, for every set; by stock age, tar and sha256sum; the identity is read by the trustees.

    Seen red: with the layers of a set in the other order; with the salt left out of the payload; with raw signatures.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    bidder, pkcs8 = signing_bidder(key)
    trustees = {role: sealing.new_identity() for role in ("tenderee", "officer", "supervisor")}
    policy, facts = make_policy(trustees), make_facts()
    scene = Scene(trustees, policy, bidder, facts, make_envelopes(tmp_path))
    seed = hmac.new(bidder.secret, f"sunbid-handle/v1\n{policy['section']}".encode(), "sha256").hexdigest()
    made = compute(
        SEAL,
        {
            "files": contents(scene), "key": pkcs8, "certificate": bidder.certificate, "identity": bidder.identity,
            "seed": seed, "policy": policy, "facts": facts,
        },
    )  # fmt: skip
    submission = sealing.validate_submission(made["submission"], policy)
    assert submission["handle"] == sealing.handle_of(bidder.secret, policy["section"])
    assert sealing.submission_digest(submission) == made["digest"]
    for envelope, enclosures in scene.envelopes.items():
        wanted = sealing.expected(submission, envelope)
        bulk = tmp_path / f"{envelope}.bulk.age"
        bulk.write_bytes(base64.b64decode(made["bulks"][envelope]))
        for names, package in made["packages"][envelope].items():
            payload = scene.peel_all(base64.b64decode(package), names)
            released = sealing.release(payload, wanted.bid_recipient)
            assert released.salt is not None and released.salt.hex() == made["private"]["salts"][envelope]
            opened = sealing.open_sealed(bulk, released, wanted, tmp_path / envelope / names)
            assert opened.nonce.hex() == made["private"]["nonces"][envelope]
            for one in enclosures:
                assert (opened.folder / "files" / one.slot / one.title).read_bytes() == one.path.read_bytes()
    packages = {names: base64.b64decode(package) for names, package in made["identity"].items()}
    hashes = sealing.package_hashes(packages)
    for names, package in packages.items():
        text = scene.peel_all(package, names)
        claims = sealing.read_identity(text, policy, submission, leaf=made["leaf"], packages=hashes)
        assert claims["bidder"] == facts["bidder"]
    if shutil.which("age") is None:
        pytest.skip("NOT TESTED with stock age: the age program is not installed")
    identities = []
    for role in ("officer", "supervisor"):
        (tmp_path / f"{role}.key").write_text(f"{scene.identity(role)}\n")
        identities.append(tmp_path / f"{role}.key")
    package = tmp_path / "price.officer+supervisor.key.age"
    package.write_bytes(base64.b64decode(made["packages"]["price"]["officer+supervisor"]))
    commit = submission["envelopes"]["price"]["plain_commit"]
    bulk, out = tmp_path / "price.bulk.age", tmp_path / "stock"
    subprocess.run(
        ["bash", str(SCRIPT), "open", str(bulk), str(package), str(out), *map(str, identities)],
        env=os.environ | {"PLAIN_COMMIT": commit}, check=True,
    )  # fmt: skip
    (enclosure,) = scene.envelopes["price"]
    assert (out / "files" / enclosure.slot / enclosure.title).read_bytes() == enclosure.path.read_bytes()


def test_the_zip_of_the_page_is_the_folder_of_the_program(compute: Compute, tmp_path: Path) -> None:
    """File by file what `sunbid seal` and `sunbid submit` leave but the sealed files; what is pinned is the same.

    Seen red: with `later` left out of the page's destination.json.
    """
    trustees = {role: sealing.new_identity() for role in ("tenderee", "officer", "supervisor")}
    scene = Scene(trustees, make_policy(trustees), make_bidder("甲"), make_facts(), make_envelopes(tmp_path))
    sealed = scene.seal(tmp_path / "bid")
    told = {
        "platform_key": "sunbid.test+0123",
        "envelopes": [{"name": "technical", "opens": "first"}, {"name": "price", "opens": "second"}],
        "documents": [{"slot": "tender", "version": 2, "sha256": "a" * 64, "published_at": "2026-11-02T01:00:00Z"}],
    }
    program = BidFolder(tmp_path / "bid")
    program.keep_policy(scene.policy)
    program.keep(DESTINATION_FILE, pinned("https://platform", told))
    program.keep(RECEIPT_FILE, {"leaf_index": 3})
    packed = compute(
        """const { opensLater } = await load("policy");
      const { packFolder } = await load("folder");
      const bytes = ([set, sealed]) => [set, unbase64(sealed)];
      const identity = Object.fromEntries(Object.entries(given.identity).map(bytes));
      const later = opensLater(given.told.envelopes);
      const { platform_key: platformKey, documents } = given.told;
      const zip = packFolder({ ...given, identity, platformKey, later, documents }, "https://platform");
      return base64(new Uint8Array(await zip.arrayBuffer()));""",
        {
            "receipt": program.receipt, "submission": sealed.submission, "private": program.private, "told": told,
            "policy": scene.policy, "identity": {names: encoded(one) for names, one in sealed.identity.items()},
        },
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(packed))) as zipped:
        zipped.extractall(tmp_path / "page")
    page = BidFolder(tmp_path / "page")
    files = {path.name for path in program.path.iterdir() if not path.name.endswith((".bulk.age", ".key.age"))}
    assert {path.name for path in page.path.iterdir()} == files
    assert page.destination == program.destination and page.later == ["price"]
    for name in ("submission", "policy", "private", "receipt", "identity", "digest"):
        assert getattr(page, name) == getattr(program, name), name


OPEN = """
  const { openSealed, peelAll, release } = await load("opening");
  const opened = [];
  for (const { expected, packages, bulk } of given.envelopes) {
    for (const [set, sealed] of Object.entries(packages)) {
      const payload = await peelAll(unbase64(sealed), set.split("+").map((role) => given.identities[role]));
      const released = await release(payload, expected.bid_recipient);
      const found = {};
      const keep = ({ slot, name }, block) => (found[`${slot}/${name}`] ??= []).push(block.slice());
      await openSealed(new Blob([unbase64(bulk)]), released, expected, keep);
      const files = Object.entries(found).map(([path, blocks]) => [path, hashHex(joined(...blocks))]);
      opened.push([expected.envelope, set, Object.fromEntries(files)]);
    }
  }
  return opened;
"""


def test_what_the_program_seals_opens_in_the_page(compute: Compute, tmp_path: Path) -> None:
    """Every envelope of `core.seal` by every set. Seen red: with long names read from the short header."""
    trustees = {role: sealing.new_identity() for role in ("tenderee", "officer", "supervisor")}
    scene = Scene(trustees, make_policy(trustees), make_bidder("甲"), make_facts(), make_envelopes(tmp_path))
    sealed = scene.seal(tmp_path / "bid")
    given = {
        "identities": {**trustees, "bidder": scene.bidder.identity},
        "envelopes": [
            {
                "expected": asdict(sealing.expected(sealed.submission, envelope)),
                "packages": {names: encoded(path.read_bytes()) for names, path in sealed.keys[envelope].items()},
                "bulk": encoded(sealed.bulks[envelope].read_bytes()),
            }
            for envelope in scene.policy["envelopes"]
        ],
    }
    wanted = [
        [
            envelope, names,
            {f"{one.slot}/{one.title}": sha256(one.path.read_bytes()).hexdigest() for one in scene.envelopes[envelope]},
        ]
        for envelope in scene.policy["envelopes"]
        for names in sealed.keys[envelope]
    ]  # fmt: skip
    assert compute(OPEN, given) == wanted


@pytest.mark.skipif(shutil.which("age") is None, reason="NOT TESTED: the age program is not installed")
def test_what_stock_tools_seal_opens_in_the_page(compute: Compute, tmp_path: Path) -> None:
    """The recipe of docs/seal-with-stock-tools.sh. Seen red: with pax headers refused."""
    trustees = {role: sealing.new_identity() for role in ("tenderee", "officer", "supervisor")}
    scene = Scene(trustees, make_policy(trustees), make_bidder("甲"), make_facts(), {})
    folder, handle = tmp_path / "in", "ab" * 32
    (folder / "files/plan").mkdir(parents=True)
    name = "关于城东污水处理厂二期扩建工程施工组织设计及关键工序专项方案说明书附图集(第三册).pdf"
    (folder / "files/plan" / name).write_bytes(bytes(range(256)) * 700)
    wanted = seal_by_script(scene, folder, tmp_path / "out", handle)
    packages = {
        names: encoded((tmp_path / "out" / f"{wanted.envelope}.{names}.key.age").read_bytes())
        for names in scene.policy["sets"]
    }
    bulk = encoded((tmp_path / "out" / f"{wanted.envelope}.bulk.age").read_bytes())
    given = {
        "identities": {**trustees, "bidder": scene.bidder.identity},
        "envelopes": [{"expected": asdict(wanted), "packages": packages, "bulk": bulk}],
    }
    content = {f"plan/{name}": sha256(bytes(range(256)) * 700).hexdigest()}
    assert compute(OPEN, given) == [[wanted.envelope, names, content] for names in scene.policy["sets"]]


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def signing_bidder(key: ec.EllipticCurvePrivateKey) -> tuple[BidderKeys, str]:
    """A bidder whose signing key is known, and that key as PKCS #8 in base64."""
    own = make_bidder("甲")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "甲")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    none = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, none)
    keys = BidderKeys.from_pem(own.identity, own.secret, certificate.public_bytes(serialization.Encoding.PEM), pem)
    return keys, encoded(key.private_bytes(serialization.Encoding.DER, form, none))


def make_envelopes(folder: Path) -> dict[str, list[Enclosure]]:
    """Files with Chinese names, one beyond 100 bytes, and sizes around a record and a step."""

    def file(slot: str, name: str, content: bytes) -> Enclosure:
        path = folder / f"{slot}-{sha256(name.encode()).hexdigest()[:8]}"
        path.write_bytes(content)
        return Enclosure(slot, path, name)

    long_name = "关于城东污水处理厂二期扩建工程施工组织设计及关键工序专项方案说明书附图集(第三册).pdf"
    return {
        "schedule": [file("schedule", "开标一览表.json", b'{"price_fen": 8765432100}')],
        "qualification": [file("licence", "营业执照.pdf", b"%PDF licence" * 9), file("record", "业绩.pdf", b"x" * 512)],
        "technical": [file("plan", long_name, bytes(range(256)) * 5_000), file("plan", "a b.docx", b"PK")],
        "price": [file("bill", "工程量清单.xlsx", bytes(range(255, -1, -1)) * 300)],
    }

// A receipt checked from its own bytes: docs/spec/submission.md §4, steps 1 to 7 (bidding/rules/receipt.py).

import { ed25519 } from "../vendor/noble.js";
import { bytesOf, canonical, hash, hex, isHex, isObject, joined, sameBytes, unbase64, utf8 } from "./notation.js";
import { need } from "./refusal.js";
import { leafCommitment } from "./submission.js";

const FIELDS = [
  "type", "section", "kind", "submission_digest", "leaf_commitment", "received_at", "leaf", "leaf_index", "checkpoint",
  "inclusion_proof", "platform_key", "signature",
];
const LEAF_FIELDS = ["at", "digest", "index", "kind", "subject"];

/**
 * Check a receipt; `key`: the platform's key as pinned when the bid was sealed; `own`: {leafSalt, digest, packages}
 * also proves that the leaf is this submission's. Timestamps and cosignatures of others (`vouched`) are left to the
 * program. Raises receipt.malformed, .key, .signature, .leaf, .head, .inclusion, .time, .submission.
 */
export function verifyReceipt(receipt, key, own = null) {
  checkShape(receipt);
  need(receipt.platform_key === key, "receipt.key", { expected: key, found: receipt.platform_key });
  const verifier = parseKey(key);
  const { signature, vouched: _vouched, ...rest } = receipt;
  const message = joined("sunbid-receipt/v1\n", hash(canonical(rest)));
  need(holds(verifier, () => unbase64(signature), message), "receipt.signature", { name: verifier.name });
  const { leaf } = receipt;
  const agrees = leaf.index === receipt.leaf_index && leaf.digest === receipt.leaf_commitment;
  need(agrees && leaf.kind === "commitment" && leaf.subject === null, "receipt.leaf", { index: receipt.leaf_index });
  const head = openHead(receipt.checkpoint, verifier);
  const proof = receipt.inclusion_proof.map(bytesOf);
  const inside = included(hash(joined(new Uint8Array([0]), canonical(leaf))), leaf.index, head, proof);
  need(inside, "receipt.inclusion", { index: leaf.index, size: head.size });
  need(instant(receipt.received_at) <= instant(leaf.at), "receipt.time", {});
  if (own) {
    const same = receipt.submission_digest === own.digest &&
      leafCommitment(own.leafSalt, own.digest, own.packages) === receipt.leaf_commitment;
    need(same, "receipt.submission", { digest: receipt.submission_digest });
  }
  return receipt;
}

function checkShape(receipt) {
  const check = (right, place) => need(right, "receipt.malformed", { place });
  check(isObject(receipt) && receipt.type === "sunbid-receipt/v1", "type");
  const keys = Object.keys(receipt).filter((name) => name !== "vouched");
  check(keys.length === FIELDS.length && FIELDS.every((name) => keys.includes(name)), "fields");
  const { leaf } = receipt;
  check(isObject(leaf) && Object.keys(leaf).length === LEAF_FIELDS.length, "leaf");
  check(LEAF_FIELDS.every((name) => Object.hasOwn(leaf, name)), "leaf");
  check(Number.isSafeInteger(leaf.index) && Number.isSafeInteger(receipt.leaf_index), "leaf_index");
  for (const place of ["section", "kind", "received_at", "checkpoint", "platform_key", "signature"]) {
    check(typeof receipt[place] === "string", place);
  }
  check(isHex(receipt.submission_digest, 32), "submission_digest");
  check(isHex(receipt.leaf_commitment, 32), "leaf_commitment");
  const proof = receipt.inclusion_proof;
  check(Array.isArray(proof) && proof.every((step) => isHex(step, 32)), "inclusion_proof");
  check(Number.isFinite(Date.parse(receipt.received_at)), "received_at");
  check(Number.isFinite(Date.parse(leaf.at)), "leaf");
}

/** A key spelled `name+id+base64(0x01 ‖ key)`, as C2SP signed notes spell it. */
function parseKey(spelled) {
  const [name, id, ...rest] = spelled.split("+");
  const raw = unbase64(rest.join("+"));
  const keyId = hash(joined(name, "\n", raw)).subarray(0, 4);
  need(raw.length === 33 && raw[0] === 1 && hex(keyId) === id, "receipt.key", { found: spelled });
  return { name, keyId, key: raw.subarray(1) };
}

/** {size, root} of a checkpoint that the key signed under its own name. */
function openHead(note, verifier) {
  const fail = (right) => need(right, "receipt.head", { name: verifier.name });
  const [text, signatures] = note.split("\n\n\u2014 ");
  fail(signatures !== undefined);
  const body = `${text}\n`;
  const signed = `\u2014 ${signatures}`.split("\n").some((line) => {
    const [, name, encoded, ...more] = line.split(" ");
    if (name !== verifier.name || !encoded || more.length) return false;
    return holds(verifier, () => {
      const raw = unbase64(encoded);
      need(sameBytes(raw.subarray(0, 4), verifier.keyId), "receipt.head");
      return raw.subarray(4);
    }, utf8(body));
  });
  fail(signed);
  const [origin, size, root] = body.split("\n");
  fail(origin === verifier.name && /^(0|[1-9][0-9]{0,15})$/.test(size));
  const bytes = unbase64(root);
  fail(bytes.length === 32);
  return { size: Number(size), root: bytes };
}

/** Whether `proof` leads from the leaf hash at `index` to the head (RFC 9162 §2.1.3.2). */
function included(leaf, index, { size, root }, proof) {
  if (!(index >= 0 && index < size)) return false;
  let [position, last, value] = [index, size - 1, leaf];
  const node = (left, right) => hash(joined(new Uint8Array([1]), left, right));
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 || position === last) {
      value = node(sibling, value);
      while (position % 2 === 0 && position) [position, last] = [position / 2, Math.floor(last / 2)];
    } else value = node(value, sibling);
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 && sameBytes(value, root);
}

function holds({ key }, signature, message) {
  try {
    return ed25519.verify(signature(), message, key);
  } catch {
    return false;
  }
}

/** An instant with six digits of the second as text that sorts. */
function instant(text) {
  const [whole, part = ""] = text.replace("Z", "").split(".");
  return `${whole}.${part.padEnd(6, "0")}`;
}

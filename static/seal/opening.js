// How a sealed envelope becomes files again: core/seal/opening.py. The page tests with it what it has sealed.

import { sha256 } from "../vendor/noble.js";
import { MAX_HEADER, lint, lintSize } from "./header.js";
import { decrypt, isIdentity, peel, recipientOf } from "./layers.js";
import { bytesOf, hex } from "./notation.js";
import { Refusal, need } from "./refusal.js";
import { plainCommit } from "./submission.js";
import { Unpacker } from "./unpack.js";

const MAX_TEXT = 4096;

/** The bytes of a stream, block by block; leaving the loop early cancels the stream (not every browser iterates streams). */
export async function* blocksOf(stream) {
  const reader = stream.getReader();
  try {
    for (let read; !(read = await reader.read()).done; ) yield read.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** What is inside a package after all `identities` (in the order of the set) have taken off their layers. */
export async function peelAll(sealed, identities) {
  let inner = sealed;
  for (const identity of identities) inner = await peel(inner, identity);
  return inner;
}

/** {secret, salt} out of a fully peeled key package; seal.garbage_key_package, seal.wrong_bid_key. Salt may be null. */
export async function release(payload, bidRecipient) {
  const text = Array.from(payload, (byte) => String.fromCharCode(byte)).join("");
  need(payload.length <= MAX_TEXT && payload.every((byte) => byte < 128), "seal.garbage_key_package");
  const lines = text.split("\n").map((line) => line.replace(/\r+$/, ""));
  const secrets = lines.filter((line) => line && !line.startsWith("#"));
  const salts = lines.map((line) => /^# sunbid-salt: ([0-9a-f]{64})$/.exec(line)?.[1]).filter(Boolean);
  need(secrets.length === 1 && isIdentity(secrets[0]) && salts.length <= 1, "seal.garbage_key_package");
  const given = await recipientOf(secrets[0]);
  need(given === bidRecipient, "seal.wrong_bid_key", { expected: bidRecipient, given });
  return { secret: secrets[0], salt: salts.length ? bytesOf(salts[0]) : null };
}

/**
 * Open the sealed `blob` (a Blob or File) and check everything that was committed; {manifest, archiveSha256}.
 *
 * Raises seal.bulk_mismatch where it is not the file that was committed (the keeper's fault), whatever else is wrong.
 */
export async function openSealed(blob, released, expected, onFile) {
  need(blob.size === expected.size, "seal.bulk_mismatch", { envelope: expected.envelope });
  const sealed = sha256.create();
  const watched = new TransformStream({
    transform(block, controller) {
      sealed.update(block);
      controller.enqueue(block);
    },
  });
  let unpacker;
  try {
    lintSize(blob.size, lint(await headOf(blob)));
    const plain = await decrypt(released.secret, blob.stream().pipeThrough(watched));
    unpacker = new Unpacker(authentic(plain), expected, onFile);
    await unpacker.run();
  } catch (refusal) {
    need((await hashOf(blob)) === expected.sha256, "seal.bulk_mismatch", { envelope: expected.envelope });
    throw refusal;
  }
  need(hex(sealed.digest()) === expected.sha256, "seal.bulk_mismatch", { envelope: expected.envelope });
  const committed = released.salt === null || plainCommit(released.salt, unpacker.sha256) === expected.plain_commit;
  need(committed, "seal.commit_mismatch", { envelope: expected.envelope });
  return { manifest: unpacker.manifest, archiveSha256: hex(unpacker.sha256) };
}

/** Open only the beginning of a sealed blob: form, size and manifest; the manifest. */
export async function openBeginning(blob, secret, expected) {
  const size = lintSize(blob.size, lint(await headOf(blob)));
  const unpacker = new Unpacker(authentic(await decrypt(secret, blob.stream())), expected);
  await unpacker.head();
  await unpacker.source.return();
  return { manifest: unpacker.manifest, size };
}

/** The blocks of a decrypting stream; damage shows as seal.torn. */
async function* authentic(stream) {
  try {
    yield* blocksOf(stream);
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal("seal.torn");
  }
}

const headOf = async (blob) => new Uint8Array(await blob.slice(0, MAX_HEADER).arrayBuffer());

async function hashOf(blob) {
  const digester = sha256.create();
  for await (const block of blocksOf(blob.stream())) digester.update(block);
  return hex(digester.digest());
}

// Sealing: the files of every envelope become sealed files and one signed submission: core/seal/sealing.py.

import { BLOCK, WHOLE, archiveBlocks, inOrder, planArchive } from "./archive.js";
import { Digester, HeldDigester } from "./digester.js";
import { identityText, validateFacts, wrapIdentity } from "./identity.js";
import { encrypt, nest, newIdentity, peel, recipientOf } from "./layers.js";
import { canonical, hash, hashHex, hex, sameBytes, utf8 } from "./notation.js";
import { blocksOf, openBeginning, release } from "./opening.js";
import { BIDDER, policyDigest, policySets, validatePolicy } from "./policy.js";
import { Refusal, need } from "./refusal.js";
import { expectedOf, handleOf, handleSigned, leafCommitment, plainCommit, signSubmission, submissionDigest } from "./submission.js";

/** `size` random bytes. */
export const drawBytes = (size) => crypto.getRandomValues(new Uint8Array(size));

/**
 * Seal every envelope, sign the submission, open the result again for a test.
 *
 * `keys` is what `openKeys` gives; `files`: envelope → [{slot, name, size, sha256, pieces, file}], or null to withdraw;
 * `after`: {kind, sequence, digest} of the handle's last submission, or null; `open(envelope)` gives a place to write a
 * sealed file to: {write(bytes), close() → Blob}. `onProgress(envelope, done, total)` counts archive bytes.
 *
 * Gives {submission, digest, leaf, private, identity: set → bytes, packages: envelope → set → bytes}. Memory does not
 * grow with the files.
 */
export async function seal({ policy, keys, facts, files, after, open, onProgress = () => {} }) {
  validatePolicy(policy);
  validateFacts(facts);
  const seed = await keys.handleSeed(policy.section);
  const digest = policyDigest(policy);
  const bound = { section: policy.section, policy_digest: digest, handle: handleOf(seed) };
  const recipients = { ...policy.recipients, [BIDDER]: keys.recipient };
  const names = files === null ? [] : policy.envelopes;
  const made = {};
  for (const name of names) {
    need(files[name]?.length, "seal.envelope_empty", { envelope: name });
    made[name] = await sealEnvelope({
      bound: { ...bound, envelope: name }, files: inOrder(files[name]), recipients, sets: policySets(policy), keys,
      place: await open(name), onProgress: (done, total) => onProgress(name, done, total),
    });
  }
  const parts = (key) => Object.fromEntries(Object.entries(made).map(([name, one]) => [name, one[key]]));
  const envelopes = files === null ? null : parts("entry");
  const submission = signSubmission({ policy, policyDigest: digest, seed, after, envelopes });
  need(handleSigned(submission), "seal.self_test", { envelope: "" });
  const leafSalt = drawBytes(32);
  const identity = await wrapIdentity(await identityText(keys, facts, submission, leafSalt), policy);
  const hashes = Object.fromEntries(Object.entries(identity).map(([set, sealed]) => [set, hashHex(sealed)]));
  const named = submissionDigest(submission);
  const leaf = leafCommitment(leafSalt, named, hashes);
  return {
    submission, digest: named, leaf, identity, packages: parts("packages"),
    private: {
      type: "sunbid-private/v1", submission_digest: named, leaf, leaf_salt: hex(leafSalt), nonces: parts("nonce"),
      salts: parts("salt"), layers: parts("layer"),
    },
  };
}

async function sealEnvelope({ bound, files, recipients, sets, keys, place, onProgress }) {
  const [nonce, salt] = [drawBytes(32), drawBytes(32)];
  const plan = planArchive(bound, nonce, files.map(({ slot, name, size, sha256 }) => ({ slot, name, size, sha256 })));
  const secret = await newIdentity();
  const bidRecipient = await recipientOf(secret);
  const { archiveSha256, bulk, blob } = await sealBulk(plan, files, bidRecipient, place, onProgress);
  const payload = utf8(`# sunbid-salt: ${hex(salt)}\n${secret}\n`);
  const [keyEntries, packages] = [{}, {}];
  let layer = ""; // what is inside the bidder's own layer, for the rehearsal
  const entry = { bulk, bid_recipient: bidRecipient, plain_commit: plainCommit(salt, archiveSha256), keys: keyEntries };
  for (const set of sets) {
    const layers = await nest(payload, set.split("+").map((role) => recipients[role]));
    packages[set] = layers[0];
    keyEntries[set] = { sha256: hashHex(layers[0]), size: layers[0].length };
    if (set.split("+")[0] === BIDDER) layer = hashHex(layers[1]);
    await testPackage(payload, layers, set, keys, bound.envelope, bidRecipient);
  }
  await testBulk(blob, secret, plan, expectedOf({ ...bound, envelopes: { [bound.envelope]: entry } }, bound.envelope));
  return { entry, packages, nonce: hex(nonce), salt: hex(salt), layer };
}

/** Pack, seal, write and hash in one pass; the files' pieces are hashed a second time, so that none changes unseen. */
async function sealBulk(plan, files, recipient, place, onProgress) {
  // A small archive is hashed by WebCrypto in one piece, a large one by two workers beside the cipher.
  const digester = (number) => (plan.size > WHOLE ? new Digester(number) : new HeldDigester(plan.size + 2 ** 16));
  const [archive, sealed] = [digester(0), digester(1)];
  let done = 0;
  const blocks = archiveBlocks(plan, (at) => contentOf(files[at]));
  const plain = new ReadableStream({
    async pull(controller) {
      const { value, done: ended } = await blocks.next();
      if (ended) return controller.close();
      await archive.update(value);
      done += value.length;
      onProgress(done, plan.size);
      return controller.enqueue(value);
    },
    async cancel() {
      await blocks.return();
    },
  }, { highWaterMark: 0 });
  let size = 0;
  for await (const block of gathered(blocksOf(await encrypt(recipient, plain)))) {
    await place.write(block);
    await sealed.update(block);
    size += block.length;
  }
  need(done === plan.size, "seal.self_test", { envelope: plan.manifest.envelope });
  const blob = await place.close();
  need(blob.size === size, "seal.self_test", { envelope: plan.manifest.envelope });
  const [archiveSha256, sha256] = [await archive.digest(), await sealed.digest()];
  return { archiveSha256, bulk: { sha256: hex(sha256), size }, blob };
}

/** The blocks of a file, piece by piece; seal.file_changed where one is not what it was when the file was checked. */
async function* contentOf({ file, name, size, pieces }) {
  for (let at = 0; at < size; at += WHOLE) {
    const piece = await file.slice(at, at + WHOLE).arrayBuffer().catch(() => null);
    need(piece?.byteLength === Math.min(WHOLE, size - at), "seal.file_changed", { name });
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", piece));
    need(hex(digest) === pieces[at / WHOLE], "seal.file_changed", { name });
    for (let from = 0; from < piece.byteLength; from += BLOCK) {
      yield new Uint8Array(piece, from, Math.min(BLOCK, piece.byteLength - from));
    }
  }
}

/** The same bytes in blocks of 1 MiB: the cipher gives 64 KiB at a time, and each write costs. */
async function* gathered(blocks) {
  let [held, filled] = [new Uint8Array(BLOCK), 0];
  for await (const block of blocks) {
    for (let at = 0; at < block.length; ) {
      const size = Math.min(block.length - at, BLOCK - filled);
      held.set(block.subarray(at, at + size), filled);
      filled += size;
      at += size;
      if (filled === BLOCK) {
        yield held;
        filled = 0;
      }
    }
  }
  if (filled) yield held.subarray(0, filled);
}

/** Open what the bidder can open of a key package; what is inside must release the committed key. */
async function testPackage(payload, layers, set, keys, envelope, bidRecipient) {
  try {
    await release(payload, bidRecipient);
    if (set.split("+")[0] === BIDDER) {
      need(sameBytes(await peel(layers[0], keys.identity), layers[1]), "seal.self_test", { envelope });
    }
  } catch (error) {
    throw new Refusal("seal.self_test", { envelope, reason: error.code ?? error.name });
  }
}

/** Open the beginning of the sealed file with its own key: form, size and manifest must be right. */
async function testBulk(blob, secret, plan, expected) {
  let opened;
  try {
    opened = await openBeginning(blob, secret, expected);
  } catch (error) {
    throw new Refusal("seal.self_test", { envelope: expected.envelope, reason: error.code ?? error.name });
  }
  const same = opened.size === plan.size && sameBytes(hash(canonical(opened.manifest)), hash(canonical(plan.manifest)));
  need(same, "seal.self_test", { envelope: expected.envelope });
}

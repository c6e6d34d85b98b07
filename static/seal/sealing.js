// Sealing: the files of every envelope become sealed files and one signed submission: core/seal/sealing.py.

import { inOrder, planArchive } from "./archive.js";
import { sealBulk } from "./bulk.js";
import { identityText, validateFacts, wrapIdentity } from "./identity.js";
import { nest, newIdentity, peel, recipientOf } from "./layers.js";
import { canonical, hash, hashHex, hex, sameBytes, utf8 } from "./notation.js";
import { openBeginning, release } from "./opening.js";
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

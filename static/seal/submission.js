// The submission: the small document that commits a bidder to sealed envelopes: core/seal/submission.py.

import { ed25519 } from "../vendor/noble.js";
import { bytesOf, canonical, digest, hash, hashHex, hex, joined } from "./notation.js";

const TYPE = "sunbid-submission/v1";

/** The handle (hex Ed25519 public key) that comes of the seed for a section. */
export const handleOf = (seed) => hex(ed25519.getPublicKey(seed));

/** Hex commitment to an archive by its salt and its SHA-256 (bytes). */
export const plainCommit = (salt, archiveSha256) => hashHex(joined("sunbid-plain/v1\n", salt, archiveSha256));

/** Lower-case hex SHA-256 of the canonical JSON, signature included. */
export const submissionDigest = (submission) => digest(submission);

/**
 * The signed submission. `after` is what the handle's last one says ({kind, sequence, digest}), or null; `envelopes`
 * is null for a withdrawal.
 */
export function signSubmission({ policy, policyDigest, seed, after, envelopes }) {
  const standing = after !== null && after.kind !== "withdraw";
  const rest = {
    type: TYPE,
    kind: envelopes === null ? "withdraw" : standing ? "replace" : "submit",
    section: policy.section,
    policy_digest: policyDigest,
    handle: handleOf(seed),
    sequence: after === null ? 1 : after.sequence + 1,
    previous: after === null ? null : after.digest,
    ...(envelopes === null ? {} : { envelopes }),
  };
  return { ...rest, handle_signature: hex(ed25519.sign(hash(canonical(rest)), seed)) };
}

/** Whether the submission's handle signed it. */
export function handleSigned(submission) {
  const { handle_signature: signature, ...rest } = submission;
  try {
    return ed25519.verify(bytesOf(signature), hash(canonical(rest)), bytesOf(submission.handle));
  } catch {
    return false;
  }
}

/** Hex leaf of the ledger that commits to a submission without telling which; `packages`: set → hex SHA-256. */
export function leafCommitment(leafSalt, submission, packages) {
  return hashHex(joined("sunbid-leaf/v1\n", leafSalt, bytesOf(submission), hash(canonical(packages))));
}

/** What `envelope` of a submission must be when opened. */
export function expectedOf(submission, envelope) {
  const parts = submission.envelopes[envelope];
  const { section, policy_digest, handle } = submission;
  return {
    section, policy_digest, handle, envelope, bid_recipient: parts.bid_recipient, plain_commit: parts.plain_commit,
    sha256: parts.bulk.sha256, size: parts.bulk.size,
  };
}

// The identity package: who bids, read by k trustees after the closing: core/seal/bidder.py.

import { nest } from "./layers.js";
import { base64, bytesOf, canonical, hasKeys, hex, isCount, isInstant, isText, joined } from "./notation.js";
import { BIDDER, trusteeSets } from "./policy.js";
import { need } from "./refusal.js";
import { submissionDigest } from "./submission.js";

const SIZE = 8192;
const PARTY = ["name", "uscc", "contact", "phone"];
const DEVICE = ["mac", "disk", "cpu", "host", "tool"];
const BOND = ["form", "account", "payer", "amount_fen"];

/** The bidder's facts themselves, if every field is there and well-formed; else seal.facts_invalid (place). */
export function validateFacts(facts) {
  const check = (holds, place) => need(holds, "seal.facts_invalid", { place });
  check(hasKeys(facts, [BIDDER, "operator", "device", "bond", "prepared_at"]), "keys");
  check(hasKeys(facts.bidder, PARTY), "bidder");
  for (const key of PARTY) {
    check(isText(facts.bidder[key], 512, { empty: key === "contact" || key === "phone" }), `bidder.${key}`);
  }
  check(isText(facts.operator, 512), "operator");
  check(hasKeys(facts.device, DEVICE), "device");
  for (const key of DEVICE) check(isText(facts.device[key], 512, { empty: true }), `device.${key}`);
  if (facts.bond !== null) {
    check(hasKeys(facts.bond, BOND), "bond");
    for (const key of BOND.slice(0, -1)) check(isText(facts.bond[key], 512, { empty: true }), `bond.${key}`);
    check(isCount(facts.bond.amount_fen, 0, 10 ** 15), "bond.amount_fen");
  }
  check(isInstant(facts.prepared_at), "prepared_at");
  return facts;
}

/** What the certificate signs: the domain and the 32 bytes of the submission digest. */
export const signedMessage = (digest) => joined("sunbid-identity/v1\n", bytesOf(digest));

/** The 8192 plaintext bytes of a bidder's identity package; `sign`: bytes → DER ECDSA-SHA256 by the certificate's key. */
export async function identityText({ certificate, sign }, facts, submission, leafSalt) {
  const digest = submissionDigest(submission);
  const { section, policy_digest, handle } = submission;
  const claims = {
    type: "sunbid-identity/v1", section, policy_digest, handle, submission_digest: digest, leaf_salt: hex(leafSalt),
    ...validateFacts(facts), certificate, signature: base64(await sign(signedMessage(digest))),
  };
  const missing = SIZE - canonical({ ...claims, padding: "" }).length;
  need(missing >= 0, "seal.identity_too_large", { size: SIZE - missing, limit: SIZE });
  return canonical({ ...claims, padding: "0".repeat(missing) });
}

/** The package of `text` for every trustee set: {set: nested age file}. */
export async function wrapIdentity(text, policy) {
  const packages = {};
  for (const names of trusteeSets(policy)) {
    packages[names] = (await nest(text, names.split("+").map((role) => policy.recipients[role])))[0];
  }
  return packages;
}

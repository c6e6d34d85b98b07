// The identity package: who bids, read by k trustees after the closing: core/seal/bidder.py.

import { nest } from "./layers.js";
import { base64, bytesOf, canonical, hasKeys, hash, hex, isCount, isInstant, isText, joined } from "./notation.js";
import { BIDDER, trusteeSets } from "./policy.js";
import { need } from "./refusal.js";
import { submissionDigest } from "./submission.js";

const SIZE = 8192;
const PARTY = ["name", "uscc", "contact", "phone"];
const DEVICE = ["mac", "disk", "cpu", "host", "tool"];
const MOST_LOCKS = 8;
const BOND = ["form", "account", "payer", "amount_fen"];
const MEMBER = ["name", "uscc", "role", "share", "work"];
const LIMITS = { name: 200, uscc: 40, work: 200 };
const FACTS = [BIDDER, "operator", "device", "bond", "prepared_at", "consortium"];
const SIGNED = FACTS.filter((key) => key !== "device"); // of the machine only a keyed digest is kept
const MOST_MEMBERS = 10;
/** Shares of the work are counted in hundredths of a per cent. */
const WHOLE = 10_000;

/** The bidder's facts themselves, if every field is there and well-formed; else seal.facts_invalid (place). */
export function validateFacts(facts) {
  const check = (holds, place) => need(holds, "seal.facts_invalid", { place });
  check(hasKeys(facts, FACTS), "keys");
  check(hasKeys(facts.bidder, PARTY), "bidder");
  for (const key of PARTY) {
    check(isText(facts.bidder[key], 512, { empty: key === "contact" || key === "phone" }), `bidder.${key}`);
  }
  check(isText(facts.operator, 512), "operator");
  const locks = facts.device?.locks;
  check(hasKeys(facts.device, locks === undefined ? DEVICE : [...DEVICE, "locks"]), "device");
  if (locks !== undefined) {
    check(Array.isArray(locks) && locks.length >= 1 && locks.length <= MOST_LOCKS, "device.locks");
    check(locks.every((one) => isText(one, 80)), "device.locks");
  }
  for (const key of DEVICE) check(isText(facts.device[key], 512, { empty: true }), `device.${key}`);
  if (facts.bond !== null) {
    check(hasKeys(facts.bond, BOND), "bond");
    for (const key of BOND.slice(0, -1)) check(isText(facts.bond[key], 512, { empty: true }), `bond.${key}`);
    check(isCount(facts.bond.amount_fen, 0, 10 ** 15), "bond.amount_fen");
  }
  check(isInstant(facts.prepared_at), "prepared_at");
  if (facts.consortium !== null) checkConsortium(facts.consortium, facts.bidder, check);
  return facts;
}

function checkConsortium(members, bidder, check) {
  check(Array.isArray(members) && members.length >= 2 && members.length <= MOST_MEMBERS, "consortium");
  members.forEach((one, place) => {
    check(hasKeys(one, MEMBER), `consortium.${place}`);
    for (const [key, limit] of Object.entries(LIMITS)) check(isText(one[key], limit), `consortium.${place}.${key}`);
    check(one.role === (place ? "member" : "lead"), `consortium.${place}.role`);
    check(isCount(one.share, 1, WHOLE), `consortium.${place}.share`);
  });
  check(members[0].name === bidder.name && members[0].uscc === bidder.uscc, "consortium.0");
  check(new Set(members.map(({ uscc }) => uscc)).size === members.length, "consortium.uscc");
  check(members.reduce((sum, { share }) => sum + share, 0) === WHOLE, "consortium.share");
}

/** What the certificate signs: the domain, the 32 bytes of the submission digest, and those of the facts' SHA-256. */
export function signedMessage(digest, facts) {
  const told = canonical(Object.fromEntries(SIGNED.map((key) => [key, facts[key]])));
  return joined("sunbid-identity/v2\n", bytesOf(digest), hash(told));
}

/** The 8192 plaintext bytes of a bidder's identity package; `sign`: bytes → DER ECDSA-SHA256 by the certificate's key. */
export async function identityText({ certificate, sign }, facts, submission, leafSalt) {
  const digest = submissionDigest(submission);
  const { section, policy_digest, handle } = submission;
  const claims = {
    type: "sunbid-identity/v2", section, policy_digest, handle, submission_digest: digest, leaf_salt: hex(leafSalt),
    ...validateFacts(facts), certificate, signature: base64(await sign(signedMessage(digest, facts))),
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

// The policy: who together may open what, and until when: core/seal/policy.py and docs/spec/sealing.md §3.

import { SUITE, isRecipient } from "./layers.js";
import { digest, hasKeys, isCount, isInstant, isName, isObject, isSection } from "./notation.js";
import { need } from "./refusal.js";

export const BIDDER = "bidder";
export const SCHEDULE = "schedule";
const TENDEREE = "tenderee";
const KEYS = [
  "type", "version", "suite", "section", "envelopes", "recipients", "threshold", "sets", "deadline", "decrypt_minutes",
  "failure",
];

/** The k-subsets of the trustees, sorted: the sets that may open an identity package. */
export function trusteeSets(policy) {
  const choose = (names, count) => {
    if (count === 0) return [[]];
    return names.flatMap((name, at) => choose(names.slice(at + 1), count - 1).map((rest) => [name, ...rest]));
  };
  return choose(Object.keys(policy.recipients).sort(), policy.threshold).map((names) => names.join("+"));
}

/** The sets that may open an envelope: "bidder+tenderee", then the trustee sets; the first name is the outermost layer. */
export const policySets = (policy) => [`${BIDDER}+${TENDEREE}`, ...trusteeSets(policy)];

/** Lower-case hex SHA-256 of the policy's canonical JSON. */
export const policyDigest = (policy) => digest(policy);

/** The policy itself, if every field is what the specification says; seal.policy_invalid (place), seal.suite_unknown. */
export function validatePolicy(policy) {
  const check = (holds, place) => need(holds, "seal.policy_invalid", { place });
  check(isObject(policy) && policy.type === "sunbid-policy/v1", "type");
  need(policy.suite === SUITE, "seal.suite_unknown", { suite: String(policy.suite).slice(0, 80) });
  check(hasKeys(policy, KEYS), "keys");
  check(isCount(policy.version, 1, 10_000), "version");
  check(isSection(policy.section), "section");
  const { envelopes, recipients, failure } = policy;
  check(Array.isArray(envelopes) && envelopes.length >= 1 && envelopes.length <= 8, "envelopes");
  check(envelopes.every(isName) && new Set(envelopes).size === envelopes.length, "envelopes");
  check(envelopes.includes(SCHEDULE), "envelopes");
  check(isObject(recipients), "recipients");
  const roles = Object.keys(recipients);
  check(roles.length >= 3 && roles.length <= 7, "recipients");
  check(roles.includes(TENDEREE) && !roles.includes(BIDDER) && roles.every(isName), "recipients");
  check(Object.values(recipients).every(isRecipient), "recipients");
  check(new Set(Object.values(recipients)).size === roles.length, "recipients");
  check(isCount(policy.threshold, 2, roles.length - 1), "threshold");
  const sets = policySets(policy);
  check(Array.isArray(policy.sets) && policy.sets.length === sets.length, "sets");
  check(sets.every((names, at) => names === policy.sets[at]), "sets");
  check(isInstant(policy.deadline), "deadline");
  check(isCount(policy.decrypt_minutes, 1, 10_080), "decrypt_minutes");
  check(isObject(failure), "failure");
  const rules = Object.entries(failure);
  check(rules.length >= 1 && rules.length <= 16, "failure");
  check(rules.every(([name, rule]) => isName(name) && /^R-\d{3}[a-z]?$/.test(rule)), "failure");
  return policy;
}

/** The envelopes that stay sealed for a second sitting: pinned with a bid, so that nobody has to be asked on the day. */
export const opensLater = (envelopes) => envelopes.filter(({ opens }) => opens === "second").map(({ name }) => name);

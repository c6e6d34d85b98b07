// A consortium bid (联合体投标): what was typed is checked and becomes what is sealed: bidding/rules/consortia.py in the page.

import { utf8 } from "./notation.js";
import { need } from "./refusal.js";

const AGREEMENT = "consortium_agreement";
export const MOST_PARTNERS = 9;
const MOST_BYTES = 200;
const WHOLE = 10_000;
const ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const INNER = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const INNER_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];

const lack = (code, level, field, expected = "", found = "") => ({ code, level, field, expected, found });
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether what was typed says that a consortium bids. */
export const isJoint = (typed) => isObject(typed) && typed.joint === true;

/** A code as it is compared: full width folded, capital letters. */
export const normalCode = (text) => text.normalize("NFKC").trim().toUpperCase();

/** Whether 18 signs of the alphabet pass both check digits (GB 32100, GB 11714). */
export function codeHolds(code) {
  const total = [...code].slice(0, 17).reduce((sum, sign, at) => sum + ALPHABET.indexOf(sign) * ((3 ** at) % 31), 0);
  const outer = ALPHABET[(31 - (total % 31)) % 31] === code[17];
  const inner = 11 - ([...code].slice(8, 16).reduce((sum, sign, at) => sum + INNER.indexOf(sign) * INNER_WEIGHTS[at], 0) % 11);
  return outer && ({ 10: "X", 11: "0" }[inner] ?? String(inner)) === code[16];
}

/** A share typed in per cent as hundredths of one; null for what is none, or not above 0 and at most 100. */
export function readShare(text) {
  const found = /^([0-9]{1,3})(?:\.([0-9]{1,2}))?%?$/.exec(text.normalize("NFKC").trim());
  const share = found ? Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : 0;
  return share >= 1 && share <= WHOLE ? share : null;
}

/** A share in per cent without needless zeros: 6050 → 60.5. */
export function spelledShare(share) {
  return `${Math.floor(share / 100)}.${String(share % 100).padStart(2, "0")}`.replace(/0{1,2}$/, "").replace(/\.$/, "");
}

function typedIn(group, name) {
  const value = isObject(group) ? group[name] : "";
  return typeof value === "string" ? value.trim() : "";
}

const partnersOf = (typed) => (Array.isArray(typed.members) ? typed.members : []);
const plain = (text) => text.replace(/\p{Zs}/gu, " ").trim();

function words(text, field) {
  const value = plain(text);
  if (!value) return [lack("draft.text", "need", field)];
  const seen = !/[\p{C}\p{Zl}\p{Zp}]/u.test(value);
  return utf8(value).length > MOST_BYTES || !seen ? [lack("draft.text_long", "fix", field, String(Math.floor(MOST_BYTES / 3)), String([...value].length))] : [];
}

function share(text, field) {
  if (!text) return [lack("draft.share", "need", field)];
  return readShare(text) === null ? [lack("draft.share_malformed", "fix", field, "", text)] : [];
}

function code(text, field, held) {
  if (!text) return [lack("draft.uscc", "need", field)];
  const found = normalCode(text);
  if ([...found].length !== 18 || [...found].some((sign) => !ALPHABET.includes(sign))) {
    return [lack("draft.uscc_malformed", "fix", field, "18", text)];
  }
  const lacks = held.has(found) ? [lack("draft.member_twice", "fix", field, "", found)] : [];
  held.add(found);
  // Failed check digits only warn: non-conforming real codes exist.
  return codeHolds(found) ? lacks : [...lacks, lack("draft.uscc_check", "advise", field, "", found)];
}

/** Everything missing or wrong about the consortium in a draft; nothing for who bids alone where consortia may. */
export function checkTyped(preparation, draft) {
  const typed = draft.consortium;
  const accepted = Boolean(preparation.accepts_consortium);
  if (!isJoint(typed)) return accepted ? [] : [lack("draft.alone", "advise", "consortium.joint")];
  if (!accepted) return [lack("draft.consortium_refused", "fix", "consortium.joint")];
  const partners = partnersOf(typed);
  const shares = [typed.lead, ...partners].map((one) => typedIn(one, "share"));
  const lacks = [...words(typedIn(typed.lead, "work"), "consortium.lead.work"), ...share(shares[0], "consortium.lead.share")];
  if (!partners.length) lacks.push(lack("draft.member_missing", "need", "consortium.members"));
  if (partners.length > MOST_PARTNERS) lacks.push(lack("draft.members_many", "fix", "consortium.members", String(MOST_PARTNERS), String(partners.length)));
  const held = new Set();
  partners.forEach((one, place) => lacks.push(
    ...words(typedIn(one, "name"), `consortium.${place}.name`),
    ...code(typedIn(one, "uscc"), `consortium.${place}.uscc`, held),
    ...words(typedIn(one, "work"), `consortium.${place}.work`),
    ...share(shares[place + 1], `consortium.${place}.share`)));
  const read = shares.map(readShare);
  const total = read.reduce((sum, one) => sum + (one ?? 0), 0);
  if (partners.length && read.every((one) => one !== null) && total !== WHOLE) {
    lacks.push(lack("draft.shares", "fix", "consortium.lead.share", "100", spelledShare(total)));
  }
  for (const { envelope, slot, name } of preparation.slots ?? []) {
    if (slot !== AGREEMENT || (draft.files ?? []).some((file) => file.envelope === envelope && file.slot === slot)) continue;
    lacks.push(lack("draft.file_missing", "need", `${envelope}/${slot}`, name));
  }
  return lacks;
}

/** What is sealed of it for the bidder of that name and code: null, or the members with the bidder leading. */
export function sealedConsortium(typed, { name, uscc }) {
  if (!isJoint(typed)) return null;
  const part = (one) => ({ share: readShare(typedIn(one, "share")) ?? 0, work: plain(typedIn(one, "work")) });
  const partners = partnersOf(typed).map((one) => {
    const found = normalCode(typedIn(one, "uscc"));
    need(found !== normalCode(uscc), "client.member_self", { uscc: found });
    return { name: plain(typedIn(one, "name")), uscc: found, role: "member", ...part(one) };
  });
  return [{ name, uscc, role: "lead", ...part(typed.lead) }, ...partners];
}

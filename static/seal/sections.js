// A trustee's key of one section, and what a browser has pinned: the platform's key and the policies as published.

import { identityKey, secretCheck, secretKey, within } from "./keys.js";
import { Refusal } from "./refusal.js";

const encode = (text) => new TextEncoder().encode(text);

/** Keep a trustee's key; `parts`: {identity, secret}. A key of the same section must be the same: Refusal otherwise. */
export async function keepSectionKey(owner, section, parts, { backup = null, testedAt = null } = {}) {
  const { identityToRecipient } = await import("../vendor/age.js");
  const secret = await secretKey(parts.secret);
  const recipient = await identityToRecipient(parts.identity);
  const held = await within("sections", "readonly", (store) => store.get([owner, section]));
  if (held && held.recipient !== recipient) throw new Refusal("section.other_key");
  const record = {
    owner, section, recipient, secret, backup, testedAt,
    identity: await identityKey(parts.identity),
    check: await secretCheck(secret),
  };
  await within("sections", "readwrite", (store) => store.put(record));
  return shown(record);
}

/** The key `owner` holds here for the section, or null: {recipient, identity, nonce(label), testedAt, backup, light}. */
export async function openSectionKey(owner, section) {
  const record = await within("sections", "readonly", (store) => store.get([owner, section]));
  return record ? shown(record) : null;
}

function shown(record) {
  const { owner, section, recipient, identity, testedAt, backup } = record;
  const light = testedAt ? "ok" : "not_backed_up";
  const nonce = async (label) =>
    new Uint8Array(await crypto.subtle.sign("HMAC", record.secret, encode(`sunbid-nonce/v1\n${label}`)));
  return { owner, section, recipient, identity, testedAt, backup, light, nonce };
}

/** The restore test of a section's key: Refusal("keyfile.differs") unless the file holds this very key. */
export async function testSectionKey(owner, section, parts, at = Date.now()) {
  const { identityToRecipient } = await import("../vendor/age.js");
  const record = await within("sections", "readonly", (store) => store.get([owner, section]));
  if (!record) throw new Refusal("keys.missing");
  const same =
    parts.section === section &&
    (await identityToRecipient(parts.identity)) === record.recipient &&
    (await secretCheck(await secretKey(parts.secret))) === record.check;
  if (!same) throw new Refusal("keyfile.differs", { place: "section" });
  await within("sections", "readwrite", (store) => store.put({ ...record, testedAt: at, backup: null }));
}

/** What was pinned for the section: {platform_key, policies, later}; null where nothing was. */
export async function pinned(section) {
  return (await within("pins", "readonly", (store) => store.get(section)))?.terms ?? null;
}

/** Pin the terms as published, beside those pinned before; the platform's key never changes silently: Refusal("peel.client.proof", platform_key). */
export async function pin(section, terms) {
  const held = await pinned(section);
  if (held && held.platform_key !== terms.platform_key) throw new Refusal("peel.client.proof", { place: "platform_key" });
  await within("pins", "readwrite", (store) => store.put({ section, terms: { ...held, ...terms } }));
}

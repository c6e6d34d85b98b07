// The keys of a person in this browser, for pages and Workers: kept in IndexedDB as keys that nobody can read out again.
//
// They are what the folder of `sunbid account` holds (docs/KEYS.md): a certificate with its P-256 signing key, an age
// identity and the bidder secret. What cannot be exported cannot be sent: the only copy that can is the encrypted
// backup, made in the moment of import. A signing key may also stand behind a local program (docs/CA-LOCKS.md).

import { agentSigner } from "./agent.js";
import { Refusal } from "./refusal.js";

const DATABASE = "sunbid-keys";
const DAY = 86_400_000;
export const EXPIRING_DAYS = 30;
const encode = (text) => new TextEncoder().encode(text);
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const PKCS8_X25519 = "302e020100300506032b656e04220420"; // RFC 8410: everything of the PKCS #8 form before the 32 bytes

function database() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("keys", { keyPath: "owner" });
      asked.result.createObjectStore("sections", { keyPath: ["owner", "section"] });
      asked.result.createObjectStore("pins", { keyPath: "section" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(new Refusal("store.closed", { why: String(asked.error) }));
  });
}

/** One transaction on one store: `verb(store)` makes the request; what it gives, once everything is on disk. */
export async function within(name, mode, verb) {
  const opened = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = opened.transaction(name, mode, { durability: "strict" });
      const asked = verb(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = transaction.onabort = () =>
        reject(new Refusal("store.failed", { why: String(transaction.error) }));
    });
  } finally {
    opened.close();
  }
}

export const hexOf = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

export function bytesOf(hex) {
  if (!/^(?:[0-9a-f]{2})*$/.test(hex)) throw new Refusal("keyfile.unreadable", { place: "hex" });
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export const base64Of = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));

export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text.replace(/\s/g, "")), (sign) => sign.charCodeAt(0));
  } catch {
    throw new Refusal("keyfile.unreadable", { place: "base64" });
  }
}

/** The DER bytes inside the first PEM block of that kind; null where there is none. */
export function derOf(pem, kind) {
  const found = new RegExp(`-----BEGIN ${kind}-----([^-]+)-----END ${kind}-----`).exec(pem);
  return found ? fromBase64(found[1]) : null;
}

export function pemOf(der, kind) {
  return `-----BEGIN ${kind}-----\n${base64Of(der).replace(/.{64}(?=.)/g, "$&\n")}\n-----END ${kind}-----\n`;
}

/** Whose page this is, as base.html says; undefined in a Worker. */
function pageOwner() {
  return globalThis.document?.querySelector("meta[name=sunbid-owner]")?.content;
}

/** Every person with keys in this browser, without the keys. */
export async function listKeys() {
  const found = await within("keys", "readonly", (store) => store.getAll());
  return found.map((record) => shown(record));
}

/**
 * The keys of `owner` (a sign-in name; default: whose page this is, or the only ones there are), or null where this
 * browser holds none. See docs/KEYS.md for the members.
 */
export async function openKeys(owner = pageOwner()) {
  if (owner !== undefined) {
    const record = await within("keys", "readonly", (store) => store.get(owner));
    return record ? shown(record) : null;
  }
  const found = await within("keys", "readonly", (store) => store.getAll());
  return found.length === 1 ? shown(found[0]) : null;
}

/** What the key light shows: `missing` is said by who finds no keys. */
function lightOf(record, now = Date.now()) {
  if (!record.testedAt) return "not_backed_up";
  return record.notAfter - now < EXPIRING_DAYS * DAY ? "expiring" : "ok";
}

function shown(record) {
  const { owner, certificate, name, uscc, person, fingerprint, recipient, identity, agent } = record;
  return {
    owner, certificate, name, uscc, person, fingerprint, recipient, identity, agent,
    notBefore: new Date(record.notBefore),
    notAfter: new Date(record.notAfter),
    testedAt: record.testedAt ? new Date(record.testedAt) : null,
    backup: record.backup,
    light: lightOf(record),
    handleSeed: (section) => derive(record.secret, `sunbid-handle/v1\n${section}`),
    nonce: (label) => derive(record.secret, `sunbid-nonce/v1\n${label}`),
    sign: (message) => (agent ? agentSigner(agent, fingerprint).sign(message) : signWith(record.signer, message)),
  };
}

async function derive(secret, message) {
  return new Uint8Array(await crypto.subtle.sign("HMAC", secret, encode(message)));
}

async function signWith(key, message) {
  return derSignature(new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, message)));
}

/** The DER form (RFC 3279) of an ECDSA signature that WebCrypto gives as r ‖ s. */
export function derSignature(raw) {
  const integer = (bytes) => {
    let start = 0;
    while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
    const value = bytes[start] & 0x80 ? [0, ...bytes.subarray(start)] : [...bytes.subarray(start)];
    return [2, value.length, ...value];
  };
  const half = raw.length / 2;
  const both = [...integer(raw.subarray(0, half)), ...integer(raw.subarray(half))];
  return Uint8Array.from([0x30, both.length, ...both]);
}

/** An age identity (AGE-SECRET-KEY-1…) as a key that cannot be read out. */
export async function identityKey(text) {
  const { bech32 } = await import("../vendor/bech32.js");
  let decoded;
  try {
    decoded = bech32.decodeToBytes(text);
  } catch {
    decoded = null;
  }
  if (decoded?.prefix.toLowerCase() !== "age-secret-key-" || decoded.bytes.length !== 32) {
    throw new Refusal("keyfile.unreadable", { place: "age" });
  }
  const form = Uint8Array.from([...bytesOf(PKCS8_X25519), ...decoded.bytes]);
  decoded.bytes.fill(0);
  const key = await crypto.subtle.importKey("pkcs8", form, { name: "X25519" }, false, ["deriveBits"]);
  form.fill(0);
  return key;
}

/** The 32 secret bytes as a key that only derives. */
export async function secretKey(bytes) {
  if (bytes.length !== 32) throw new Refusal("keyfile.unreadable", { place: "secret" });
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/** What tells two copies of one secret apart from two secrets, and nothing about either. */
export async function secretCheck(secret) {
  return hexOf(await derive(secret, "sunbid-check/v1\n"));
}

/** The signing key in PKCS #8 as a key that only signs; Refusal("key.algorithm") unless it is P-256. */
export async function signingKey(pkcs8) {
  try {
    return await crypto.subtle.importKey("pkcs8", pkcs8, P256, false, ["sign"]);
  } catch {
    throw new Refusal("key.algorithm");
  }
}

/**
 * Keep keys for `owner`, replacing what was there. `parts`: {identity, secret: 32 bytes, certificate: PEM, key: PKCS #8
 * or null, agent: address or null}; `facts`: what the server read in the certificate; `backup`: the encrypted file, kept
 * until it has been tested. Nothing given here can be read out of the browser's store again.
 */
export async function keepKeys(owner, parts, facts, { backup = null, testedAt = null } = {}) {
  const { identityToRecipient } = await import("../vendor/age.js");
  const secret = await secretKey(parts.secret);
  const record = {
    owner,
    agent: parts.agent ?? null,
    certificate: parts.certificate,
    name: facts.name,
    uscc: facts.uscc,
    person: facts.person,
    fingerprint: facts.fingerprint,
    notBefore: Date.parse(facts.not_before),
    notAfter: Date.parse(facts.not_after),
    recipient: await identityToRecipient(parts.identity),
    identity: await identityKey(parts.identity),
    secret,
    check: await secretCheck(secret),
    signer: parts.agent ? null : await signingKey(parts.key),
    testedAt,
    backup,
  };
  await within("keys", "readwrite", (store) => store.put(record));
  return shown(record);
}

/** Note that the backup was opened and is these very keys: only now does the light turn green; the copy here goes. */
export async function markTested(owner, at = Date.now()) {
  const record = await within("keys", "readonly", (store) => store.get(owner));
  await within("keys", "readwrite", (store) => store.put({ ...record, testedAt: at, backup: null }));
}

/** Whether a backup's parts are the very keys of `owner`; Refusal("keyfile.differs") naming the part that is not. */
export async function compareKeys(owner, parts) {
  const { identityToRecipient } = await import("../vendor/age.js");
  const record = await within("keys", "readonly", (store) => store.get(owner));
  if (!record) throw new Refusal("keys.missing");
  const differs = (place) => new Refusal("keyfile.differs", { place });
  if ((await identityToRecipient(parts.identity)) !== record.recipient) throw differs("age");
  if ((await secretCheck(await secretKey(parts.secret))) !== record.check) throw differs("secret");
  if (hexOf(derOf(parts.certificate, "CERTIFICATE")) !== hexOf(derOf(record.certificate, "CERTIFICATE"))) {
    throw differs("certificate");
  }
  if (!record.agent && !(await belongTogether(parts.certificate, parts.key))) throw differs("key");
}

/** Whether the private key (PKCS #8) is the one the certificate (PEM) speaks of. */
export async function belongTogether(certificate, pkcs8) {
  const { publicKeyOf } = await import("./pkcs12.js");
  const message = crypto.getRandomValues(new Uint8Array(32));
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const key = await signingKey(pkcs8);
  const open = await crypto.subtle.importKey("spki", publicKeyOf(certificate), P256, false, ["verify"]).catch(() => null);
  if (!open) throw new Refusal("key.algorithm");
  return crypto.subtle.verify(algorithm, open, await crypto.subtle.sign(algorithm, key, message), message);
}

/** Forget the keys of `owner`, sections' keys included. Only a backup brings them back. */
export async function forgetKeys(owner) {
  await within("keys", "readwrite", (store) => store.delete(owner));
  const range = IDBKeyRange.bound([owner], [owner, []]);
  await within("sections", "readwrite", (store) => store.delete(range));
}

// What a key holder's page checks before a key does anything: the section is closed, and this belongs to it.
// docs/spec/opening.md §1, as opening/cli/proof.py; the page's clock is the machine's own, which the platform cannot set.

import { ed25519 } from "../vendor/noble.js";
import { bytesOf, canonical, digest, hash, hex, joined, sameBytes, unbase64, utf8 } from "./notation.js";
import { validatePolicy } from "./policy.js";
import { Refusal } from "./refusal.js";

const LEAF = ["at", "digest", "index", "kind", "subject"];
const IDENTITY = ["sunbid-identity/v2", "sunbid-identity/v1", "sunbid-decoy/v1"];
const refused = (place) => new Refusal("peel.client.proof", { place });

/** {name, key} of a C2SP verifier key `name+id+key`; peel.client.proof where it is not one. */
export function verifierOf(spelled) {
  const [name, id, ...rest] = spelled.trim().split("+");
  const raw = unbase64(rest.join("+"));
  const key = raw.subarray(1);
  const named = hex(hash(joined(name, "\n", Uint8Array.of(1), key)).subarray(0, 4));
  if (raw.length !== 33 || raw[0] !== 1 || named !== id) throw refused("note.key");
  return { name, key, id };
}

/** {size, root} of a checkpoint that `spelled` signed. */
export function openHead(note, spelled) {
  const { name, key, id } = verifierOf(spelled);
  const cut = note.indexOf("\n\n\u2014 ");
  if (cut < 0) throw refused("note.signature");
  const body = note.slice(0, cut + 1);
  const signed = note.slice(cut + 2).split("\n").some((line) => {
    const parts = line.split(" ");
    if (parts.length !== 3 || parts[0] !== "\u2014" || parts[1] !== name) return false;
    const raw = unbase64(parts[2]);
    return hex(raw.subarray(0, 4)) === id && raw.length === 68 &&
      ed25519.verify(raw.subarray(4), utf8(body), key, { zip215: false });
  });
  if (!signed) throw refused("note.signature");
  const [origin, size, root] = body.split("\n");
  const head = { size: Number(size), root: unbase64(root) };
  if (origin !== name || String(head.size) !== size || !Number.isSafeInteger(head.size) || head.root.length !== 32) {
    throw refused("note.head");
  }
  return head;
}

/** Whether the path leads from the leaf hash at `index` to the root of `size` leaves (RFC 9162 §2.1.3.2). */
export function included(leaf, index, size, path, root) {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return false;
  let [position, last, value] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      value = hash(joined(Uint8Array.of(1), sibling, value));
      while (position % 2 === 0 && position > 0) [position, last] = [position / 2, Math.floor(last / 2)];
    } else {
      value = hash(joined(Uint8Array.of(1), value, sibling));
    }
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 && sameBytes(value, root);
}

/** The instant in milliseconds since 1970, rounded up: never a moment too early. */
function millisecondsOf(text) {
  const [, whole, fraction = ""] = /^(.{19})(?:\.(\d{1,6}))?Z$/.exec(text);
  return Date.parse(`${whole}Z`) + Math.ceil(Number(fraction.padEnd(6, "0")) / 1000);
}

/**
 * The digests of the closed set (a Set), if the platform has signed that `section` is closed and its deadline is over.
 *
 * `key`: the platform's key as pinned; `pinned`: policies kept earlier; `role` and `recipient`: a trustee's own, null
 * for a bidder, who stands in no policy; `now`: this machine's clock, milliseconds. peel.client.early while any known deadline
 * is ahead, else peel.client.proof naming what does not hold. A key is used for nothing before this returns.
 */
export function checkClosing(proof, { section, key, pinned = [], role = null, recipient = null, now = Date.now() }) {
  let head, leaf, salted, digests, closed, deadlines, path;
  const { entry, policies } = proof;
  try {
    head = openHead(proof.checkpoint, key);
    path = proof.inclusion_proof.map(bytesOf);
    const shown = Object.fromEntries(LEAF.map((name) => [name, entry[name]]));
    leaf = hash(joined(Uint8Array.of(0), canonical(shown)));
    salted = hex(hash(joined("sunbid-facts/v1\n", entry.salt, "\n", canonical(entry.facts))));
    for (const policy of policies) validatePolicy(policy);
    digests = policies.map(digest);
    closed = new Set(entry.facts.closed_set.map((item) => String(item.submission_digest)));
    deadlines = [entry.facts, ...policies, ...pinned].map(({ deadline }) => millisecondsOf(deadline));
  } catch (error) {
    throw error instanceof Refusal && error.code === "peel.client.proof" ? error : refused(error.code ?? error.name);
  }
  const last = Math.max(...deadlines);
  if (!(now >= last)) throw new Refusal("peel.client.early", { deadline: new Date(last).toISOString() });
  const newest = policies.at(-1);
  for (const [place, holds] of [
    ["inclusion", included(leaf, entry.index, head.size, path, head.root)],
    ["facts", salted === entry.digest],
    ["kind", entry.kind === "opening.convene" && entry.subject === `opening:${section}`],
    ["section", entry.facts.section === section && policies.every((policy) => policy.section === section)],
    ["policy", digests.length > 0 && entry.facts.policy_digest === digests.at(-1)],
    ["pinned", pinned.every((policy) => digests.includes(digest(policy)))],
    ["recipient", role === null || newest?.recipients[role] === recipient],
  ]) {
    if (!holds) throw refused(place);
  }
  return closed;
}

/**
 * What may be taken off of envelopes kept for a second sitting: {later, admitted}, Sets of names and of
 * "submission envelope". Call after checkClosing; `later` as pinned: the closing may name no fewer.
 */
export function checkSecond(proof, { section, key, later = [] }) {
  const sealed = new Set((proof.entry.facts.later ?? []).map(String));
  if (!later.every((name) => sealed.has(name))) throw refused("later");
  const { second } = proof;
  if (!second) return { later: sealed, admitted: new Set() };
  let head, leaf, salted, path, admitted;
  const { entry } = second;
  try {
    head = openHead(second.checkpoint, key);
    path = second.inclusion_proof.map(bytesOf);
    leaf = hash(joined(Uint8Array.of(0), canonical(Object.fromEntries(LEAF.map((name) => [name, entry[name]])))));
    salted = hex(hash(joined("sunbid-facts/v1\n", entry.salt, "\n", canonical(entry.facts))));
    admitted = new Set(entry.facts.admitted.flatMap((one) => one.envelopes.map((name) => `${one.submission_digest} ${name}`)));
  } catch (error) {
    throw error instanceof Refusal && error.code === "peel.client.proof" ? error : refused(error.code ?? error.name);
  }
  for (const [place, holds] of [
    ["inclusion", included(leaf, entry.index, head.size, path, head.root)],
    ["facts", salted === entry.digest],
    ["kind", entry.kind === "opening.convene_second" && entry.subject === `opening:${section}:${entry.facts.sitting}`],
    ["section", entry.facts.section === section && Number.isInteger(entry.facts.sitting) && entry.facts.sitting >= 2],
  ]) {
    if (!holds) throw refused(`second.${place}`);
  }
  return { later: sealed, admitted };
}

/** Refuse a layer of what is not in the closed set (peel.client.foreign) or still sealed for a second sitting. */
export function checkTask(task, closed, sealed) {
  if (!closed.has(task.submission)) throw new Refusal("peel.client.foreign", { submission: String(task.submission).slice(0, 16) });
  if (sealed.later.has(task.package) && !sealed.admitted.has(`${task.submission} ${task.package}`)) {
    throw new Refusal("peel.client.sealed", { package: String(task.package).slice(0, 40) });
  }
}

/** Refuse to hand in, as an identity, what is not one: a platform could pass a bid's key off as an identity. */
export function checkContent(task, content, section) {
  if (task.package !== "identity" || task.stage !== task.set.split("+").length - 1) return;
  let right = false;
  try {
    const claims = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
    right = IDENTITY.includes(claims.type) && claims.section === section && claims.submission_digest === task.submission;
  } catch {
    right = false;
  }
  if (!right) throw new Refusal("seal.identity_invalid");
}

/** What the certificate signs to confirm a readout: "sunbid-confirm/v1\n" and its 32 bytes. */
export const readoutMessage = (readout) => joined("sunbid-confirm/v1\n", bytesOf(readout));

/** The commitment to a draw's nonce, as core/draw/mechanism.py makes it. */
export const nonceCommitment = (nonce) => hex(hash(nonce));

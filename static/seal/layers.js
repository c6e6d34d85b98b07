// age as it is used here: identities, and files nested so that several key holders must open together (core/seal/age.py).

import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "../vendor/age.js";
import { lintPackage } from "./header.js";
import { Refusal } from "./refusal.js";

export const SUITE = "age-x25519/1";

/** A fresh X25519 identity, AGE-SECRET-KEY-1… */
export const newIdentity = () => generateX25519Identity();

/** The public recipient, age1…, of an identity (text or WebCrypto key). */
export const recipientOf = (identity) => identityToRecipient(identity);

/** Whether `value` is a well-formed native recipient, age1…. */
export function isRecipient(value) {
  if (typeof value !== "string" || !/^age1[02-9ac-hj-np-z]{58}$/.test(value)) return false;
  try {
    new Encrypter().addRecipient(value);
    return true;
  } catch {
    return false;
  }
}

/** Whether `value` is a well-formed native identity, AGE-SECRET-KEY-1…. */
export function isIdentity(value) {
  if (typeof value !== "string" || !/^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/.test(value)) return false;
  try {
    new Decrypter().addIdentity(value);
    return true;
  } catch {
    return false;
  }
}

/** Seal bytes, or a stream of bytes as a stream, to one recipient. */
export async function encrypt(recipient, plain) {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(plain);
}

/**
 * Open bytes, or a stream of bytes as a stream, with an identity.
 *
 * Raises seal.not_for_this_key where no stanza opens with it, seal.torn where the rest is damaged; a stream shows
 * damage beyond its header only while it is read, as a plain Error.
 */
export async function decrypt(identity, sealed) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(sealed);
  } catch (error) {
    throw new Refusal(/no identity matched/.test(error.message) ? "seal.not_for_this_key" : "seal.torn");
  }
}

/** The layers of `payload` sealed to all `recipients` together, the outermost recipient and layer first. */
export async function nest(payload, recipients) {
  const layers = [];
  for (const recipient of [...recipients].reverse()) layers.unshift(await encrypt(recipient, layers[0] ?? payload));
  return layers;
}

/** What is inside the outermost layer of a key or identity package. Raises those of `lintPackage` and `decrypt`. */
export async function peel(sealed, identity) {
  lintPackage(sealed);
  return decrypt(identity, sealed);
}

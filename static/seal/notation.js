// Canonical JSON (RFC 8785, without floats), SHA-256, hex and base64, strict small fields: core/seal/notation.py.

import { canonicalize } from "../vendor/canonicalize.js";
import { sha256 } from "../vendor/noble.js";
import { Refusal, need } from "./refusal.js";

const DEPTH = 16;
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const encoder = new TextEncoder();

/** The UTF-8 bytes of `text`. */
export const utf8 = (text) => encoder.encode(text);

/** Lower-case hex of bytes. */
export function hex(bytes) {
  let text = "";
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

/** The bytes of lower-case hex; seal.hex for anything else. */
export function bytesOf(text) {
  need(/^([0-9a-f]{2})*$/.test(text), "seal.hex");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Bytes as text, a sign a byte. */
export function latin(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return text;
}

/** Padded base64 of bytes. */
export function base64(bytes) {
  const text = latin(bytes);
  return btoa(text);
}

/** The bytes of padded base64; seal.base64 unless it is spelled the one way its bytes are written. */
export function unbase64(text) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  } catch {
    throw new Refusal("seal.base64");
  }
  need(base64(bytes) === text, "seal.base64");
  return bytes;
}

/** The bytes of all parts (bytes or texts) one after the other. */
export function joined(...parts) {
  const pieces = parts.map((part) => (typeof part === "string" ? utf8(part) : part));
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** SHA-256 of bytes, as bytes. */
export const hash = (bytes) => sha256(bytes);

/** Lower-case hex SHA-256 of bytes. */
export const hashHex = (bytes) => hex(sha256(bytes));

/** The RFC 8785 bytes of a JSON value without floats; seal.not_canonical for anything else. */
export function canonical(value) {
  checkValues(value, 0);
  try {
    return utf8(canonicalize(value));
  } catch {
    throw new Refusal("seal.not_canonical");
  }
}

/** Lower-case hex SHA-256 of the canonical JSON of `value`. */
export const digest = (value) => hashHex(canonical(value));

/** The JSON object whose canonical form is exactly `data` (at most `limit` bytes); seal.not_canonical otherwise. */
export function readCanonical(data, limit) {
  need(data.length <= limit, "seal.not_canonical");
  let value;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data));
  } catch {
    throw new Refusal("seal.not_canonical");
  }
  need(isObject(value) && sameBytes(canonical(value), data), "seal.not_canonical");
  return value;
}

/** Whether two byte arrays hold the same. */
export function sameBytes(one, other) {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
export const isHex = (value, size) =>
  typeof value === "string" && value.length === 2 * size && /^[0-9a-f]*$/.test(value);
export const isCount = (value, low, high) => Number.isSafeInteger(value) && low <= value && value <= high;
export const isSection = (value) => typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$/.test(value);
export const isName = (value) => typeof value === "string" && /^[a-z][a-z0-9_]{0,31}$/.test(value);

/** Whether `value` is an object with exactly these keys. */
export function hasKeys(value, keys) {
  return isObject(value) && Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key));
}

/** Whether `value` is text of at most `limit` bytes without control characters or lone surrogates. */
export function isText(value, limit, { empty = false } = {}) {
  if (typeof value !== "string" || !(value || empty) || /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u.test(value)) {
    return false;
  }
  return utf8(value).length <= limit;
}

/** Whether `value` is a real UTC instant written YYYY-MM-DDTHH:MM:SS[.ffffff]Z. */
export function isInstant(value) {
  if (typeof value !== "string") return false;
  const shape = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?Z$/.exec(value);
  if (!shape) return false;
  const at = Date.parse(`${shape[1]}Z`);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(shape[1]) && !value.startsWith("0000");
}

function checkValues(value, depth) {
  need(depth <= DEPTH, "seal.not_canonical");
  if (Array.isArray(value)) for (const item of value) checkValues(item, depth + 1);
  else if (isObject(value)) for (const item of Object.values(value)) checkValues(item, depth + 1);
  else {
    const plain = value === null || typeof value === "string" || typeof value === "boolean";
    need(plain || Number.isSafeInteger(value), "seal.not_canonical");
  }
}

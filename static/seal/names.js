// Which file names may travel in an envelope: core/seal/names.py and docs/spec/sealing.md §5.

import { isName, utf8 } from "./notation.js";
import { need } from "./refusal.js";

const MAX_NAME = 255;

// Explicit code points, not Unicode categories: categories change with the Unicode version, a verdict must not.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f/\\\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\u{e0000}-\u{e007f}\u{d800}-\u{dfff}]/u;

/** Refuse (seal.name_unsafe, seal.name_too_long) a name that is a path, hides characters, or is too long. */
export function checkName(name) {
  const unsafe = ["", ".", ".."].includes(name) || name !== name.trim() || UNSAFE.test(name);
  need(!unsafe, "seal.name_unsafe", { name: printable(name) });
  need(utf8(name).length <= MAX_NAME, "seal.name_too_long", { name, limit: MAX_NAME });
}

/** Refuse (seal.slot_invalid) a slot that is not a plain code. */
export function checkSlot(slot) {
  need(isName(slot), "seal.slot_invalid", { slot: printable(String(slot)) });
}

/**
 * What two names have in common when some file system would let one overwrite the other.
 *
 * JavaScript has no case folding; lower, upper, lower again joins at least what full case folding joins.
 */
export function nameKey(name) {
  return name.normalize("NFC").toLowerCase().toUpperCase().toLowerCase().normalize("NFC");
}

function printable(name) {
  return name.replace(/[^\x20-\x7e\u4e00-\u9fff]/gu, (sign) => `\\u{${sign.codePointAt(0).toString(16)}}`);
}

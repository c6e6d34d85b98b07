// The manifest: the first member of every archive, saying whose envelope it is and what follows: core/seal/manifest.py.

import { LARGEST } from "./ladder.js";
import { checkName, checkSlot, nameKey } from "./names.js";
import { hasKeys, hex, isCount, isHex, readCanonical } from "./notation.js";
import { Refusal, need } from "./refusal.js";

export const MAX_FILES = 1000;
export const MAX_MANIFEST = 2 ** 20;
const TYPE = "sunbid-manifest/v1";
const KEYS = ["type", "section", "policy_digest", "handle", "envelope", "nonce", "files"];

/** Where an entry's file stands in the archive. */
export const pathOf = (entry) => `files/${entry.slot}/${entry.name}`;

/** Refuse lists of {slot, name, size} that no machine should unpack: bad or clashing names, empty or too many files. */
export function checkEntries(entries) {
  need(entries.length <= MAX_FILES, "seal.too_many_files", { count: entries.length, limit: MAX_FILES });
  const seen = new Set();
  for (const { slot, name, size } of entries) {
    checkSlot(slot);
    checkName(name);
    need(size >= 1, "seal.file_empty", { name });
    need(size <= LARGEST, "seal.archive_too_large", { size, limit: LARGEST });
    const key = `${slot}/${nameKey(name)}`;
    need(!seen.has(key), "seal.name_duplicate", { name });
    seen.add(key);
  }
}

/** The manifest object; `bound` holds section, policy_digest, handle and envelope. */
export function manifestOf(bound, nonce, entries) {
  const files = entries.map(({ slot, name, size, sha256 }) => ({ slot, name, size, sha256 }));
  return { type: TYPE, ...bound, nonce: hex(nonce), files };
}

/** The manifest in `data`, if it is well-formed and belongs to the expected submission and envelope. */
export function readManifest(data, expected) {
  const check = (holds, place) => need(holds, "seal.manifest_invalid", { place });
  let found;
  try {
    found = readCanonical(data, MAX_MANIFEST);
  } catch {
    throw new Refusal("seal.manifest_invalid", { place: "json" });
  }
  check(hasKeys(found, KEYS) && found.type === TYPE, "type");
  check(isHex(found.nonce, 32), "nonce");
  for (const [key, code] of [
    ["section", "seal.wrong_section"],
    ["policy_digest", "seal.wrong_policy"],
    ["handle", "seal.wrong_handle"],
    ["envelope", "seal.wrong_envelope"],
  ]) {
    need(found[key] === expected[key], code, { expected: expected[key], given: String(found[key]).slice(0, 80) });
  }
  check(Array.isArray(found.files), "files");
  found.files.forEach((item, place) => {
    const whole = hasKeys(item, ["slot", "name", "size", "sha256"]);
    check(whole && typeof item.slot === "string" && typeof item.name === "string", `files.${place}`);
    check(isCount(item.size, 0, Number.MAX_SAFE_INTEGER) && isHex(item.sha256, 32), `files.${place}`);
  });
  checkEntries(found.files);
  return found;
}

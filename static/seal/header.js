// What can be told about an age file without any key: the strict lint of its header and size: core/seal/header.py.

import { onLadder } from "./ladder.js";
import { need } from "./refusal.js";

export const MAX_HEADER = 4096;
export const MAX_PACKAGE = 64 * 1024;
const CHUNK = 64 * 1024;
const TAG = 16;
const NONCE = 16;
const VERSION = "age-encryption.org/v1\n";
const SHARE = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]$/;
const ARGUMENT = /^[\x21-\x7e]+$/;
const BODY = /^[A-Za-z0-9+/]{0,64}$/;

/** The length of the header in `head` (the first 4096 bytes of a file, or all of a shorter one), MAC line included. */
export function lint(head) {
  const text = Array.from(head.subarray(0, MAX_HEADER), (byte) => String.fromCharCode(byte)).join("");
  if (!text.startsWith(VERSION)) {
    need(!VERSION.startsWith(text), "seal.torn");
    need(!text.startsWith("-----BEGIN AGE ENCRYPTED FILE-----"), "seal.armored");
    need(!text.startsWith("age-encryption.org/"), "seal.version_unknown");
    need(false, "seal.not_encrypted", { kind: "" });
  }
  const lines = [];
  for (let place = VERSION.length; ; ) {
    const end = text.indexOf("\n", place);
    if (end < 0) need(false, head.length >= MAX_HEADER ? "seal.header_too_long" : "seal.torn", { limit: MAX_HEADER });
    const line = text.slice(place, end);
    place = end + 1;
    if (line.startsWith("---")) {
      need(line.startsWith("--- ") && SHARE.test(line.slice(4)), "seal.header_malformed");
      checkStanzas(lines);
      return place;
    }
    lines.push(line);
  }
}

/** The archive size a bulk file of `size` bytes must hold; seal.torn, seal.size_off_ladder where there is none. */
export function lintSize(size, headerLength) {
  const payload = size - headerLength - NONCE;
  const rest = payload % (CHUNK + TAG);
  need(payload > TAG && (rest === 0 || rest > TAG), "seal.torn");
  const plain = payload - TAG * Math.ceil(payload / (CHUNK + TAG));
  need(onLadder(plain), "seal.size_off_ladder", { size: plain });
  return plain;
}

/** `lint` of a whole key or identity package, which must be of a possible size, at most 64 KiB. */
export function lintPackage(sealed) {
  need(sealed.length <= MAX_PACKAGE, "seal.package_too_large", { limit: MAX_PACKAGE });
  const payload = sealed.length - lint(sealed) - NONCE;
  const rest = payload % (CHUNK + TAG);
  need(payload > TAG && (rest === 0 || rest > TAG), "seal.torn");
}

/** The grammar of age: `-> type args…`, then a base64 body ended by a line shorter than 64; exactly one X25519. */
function checkStanzas(lines) {
  let found = 0;
  for (let place = 0; place < lines.length; place += 1) {
    const [arrow, kind, ...rest] = lines[place].split(" ");
    need(arrow === "->" && kind !== undefined && [kind, ...rest].every((word) => ARGUMENT.test(word)), "seal.header_malformed");
    const body = [];
    do {
      place += 1;
      need(place < lines.length && BODY.test(lines[place]), "seal.header_malformed");
      body.push(lines[place]);
    } while (lines[place].length === 64);
    if (kind === "X25519") {
      const whole = rest.length === 1 && body.length === 1 && SHARE.test(rest[0]) && SHARE.test(body[0]);
      need(whole, "seal.header_malformed");
      found += 1;
    } else need(kind.endsWith("-grease"), "seal.wrong_stanza", { stanza: kind });
  }
  need(found === 1, "seal.stanza_count", { count: found });
}


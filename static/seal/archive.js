// The archive inside an envelope: a POSIX tar that comes out byte for byte the same wherever it is packed:
// core/seal/archive.py and docs/spec/sealing.md §5.

import { stepFor } from "./ladder.js";
import { checkEntries, manifestOf, pathOf } from "./manifest.js";
import { canonical, joined, utf8 } from "./notation.js";

export const RECORD = 512;
export const BLOCK = 2 ** 20;
/** A file of up to this size is hashed in one piece, a larger one in pieces of this size. */
export const WHOLE = 2 ** 22;
const END = 2 * RECORD;
const USTAR_NAME = 100;

const filling = (size) => (RECORD - (size % RECORD)) % RECORD;

/** Entries in archive order: by slot, then by name, both as UTF-8. */
export function inOrder(entries) {
  const before = (one, other) => {
    const [a, b] = [utf8(one), utf8(other)];
    for (let at = 0; at < Math.min(a.length, b.length); at += 1) if (a[at] !== b[at]) return a[at] - b[at];
    return a.length - b.length;
  };
  return [...entries].sort((one, other) => before(one.slot, other.slot) || before(one.name, other.name));
}

/**
 * Everything about an archive but the content of its files: {manifest, entries, heads, padding, size}.
 *
 * `entries` ({slot, name, size, sha256}) stand in archive order. Raises seal.archive_too_large and those of
 * `checkEntries`.
 */
export function planArchive(bound, nonce, entries) {
  checkEntries(entries);
  const manifest = manifestOf(bound, nonce, entries);
  const text = canonical(manifest);
  const heads = [joined(header(utf8("manifest.json"), text.length), filled(text)), ...entries.map(memberHead)];
  const content = [
    ...heads.map((head) => head.length),
    ...entries.map(({ size }) => size + filling(size)),
    RECORD + END,
  ].reduce((sum, size) => sum + size, 0);
  const size = stepFor(content);
  return { manifest, entries, heads, padding: size - content, size };
}

/** The archive's bytes in blocks; `contentOf(place)` gives the blocks of an entry's file, which must have its size. */
export async function* archiveBlocks(plan, contentOf) {
  yield plan.heads[0];
  for (const [place, entry] of plan.entries.entries()) {
    yield plan.heads[place + 1];
    yield* contentOf(place);
    const rest = filling(entry.size);
    if (rest) yield new Uint8Array(rest);
  }
  yield header(utf8("padding"), plan.padding);
  for (let left = plan.padding + END; left > 0; left -= BLOCK) yield new Uint8Array(Math.min(left, BLOCK));
}

/** A ustar header; before it, where the path takes more than 100 bytes, a pax header with the one record `path`. */
function memberHead(entry, place) {
  const path = utf8(pathOf(entry));
  if (path.length <= USTAR_NAME) return header(path, entry.size);
  const record = paxRecord(path);
  const number = String(place).padStart(4, "0");
  return joined(
    header(utf8(`pax/${number}`), record.length, "x"),
    filled(record),
    header(utf8(`files/${number}`), entry.size),
  );
}

/** `length path=value\n`, where the length counts its own digits. */
function paxRecord(path) {
  const rest = joined(" path=", path, "\n");
  let { length } = rest;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return joined(String(length), rest);
}

/** One POSIX ustar header: mode 0644, owner and group 0 without names, instant 0. */
function header(name, size, kind = "0") {
  const head = new Uint8Array(RECORD);
  head.set(name, 0);
  const write = (text, at) => head.set(utf8(text), at);
  write("0000644\0", 100);
  write("0000000\0", 108);
  write("0000000\0", 116);
  write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  write("00000000000\0", 136);
  write("        ", 148);
  write(kind, 156);
  write("ustar\x0000", 257);
  write("0000000\0", 329);
  write("0000000\0", 337);
  const sum = head.reduce((total, byte) => total + byte, 0);
  write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return head;
}

function filled(data) {
  return joined(data, new Uint8Array(filling(data.length)));
}

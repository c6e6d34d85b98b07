// Unpacking an archive as it streams out of the cipher: every member was promised, or all is refused: core/seal/unpack.py.

import { sha256 } from "../vendor/noble.js";
import { RECORD } from "./archive.js";
import { MAX_MANIFEST, pathOf, readManifest } from "./manifest.js";
import { hex, joined } from "./notation.js";
import { Refusal, need } from "./refusal.js";

const PAX_LIMIT = 4096;
const PAX_IGNORED = ["mtime", "atime", "ctime", "comment"];
const filling = (size) => (RECORD - (size % RECORD)) % RECORD;

export class Unpacker {
  /** `blocks`: async iterable of the archive's bytes; `onFile(entry, block)` gets every block of every file. */
  constructor(blocks, expected, onFile = () => {}) {
    this.source = blocks[Symbol.asyncIterator]();
    this.expected = expected;
    this.onFile = onFile;
    this.held = new Uint8Array(0);
    this.whole = sha256.create();
    this.manifest = null;
    this.sha256 = null;
  }

  /** Read and check the manifest only. */
  async head() {
    const first = await this.member();
    const refused = first.path !== "manifest.json" || first.size < 1 || first.size > MAX_MANIFEST;
    need(!refused, "seal.manifest_invalid", { place: "manifest.json" });
    const data = await this.exactly(first.size);
    await this.exactly(filling(first.size));
    this.manifest = readManifest(data, this.expected);
  }

  /** Read everything: manifest, the files in its order, padding, the end marks; `sha256` holds afterwards. */
  async run() {
    await this.head();
    for (const entry of this.manifest.files) {
      const member = await this.member();
      need(member.path !== "padding", "seal.member_missing", { member: pathOf(entry) });
      need(member.path === pathOf(entry), "seal.member_unexpected", { member: member.path });
      need(member.size === entry.size, "seal.file_mismatch", { name: entry.name });
      const content = sha256.create();
      await this.pour(entry.size, (block) => {
        content.update(block);
        this.onFile(entry, block);
      });
      need(hex(content.digest()) === entry.sha256, "seal.file_mismatch", { name: entry.name });
      await this.exactly(filling(entry.size));
    }
    const last = await this.member();
    need(last.path === "padding", "seal.member_unexpected", { member: last.path });
    await this.pour(last.size + filling(last.size), () => {});
    await this.pour(2 * RECORD, onlyZeros);
    for (let block; (block = await this.take(RECORD)).length; ) onlyZeros(block);
    this.sha256 = this.whole.digest();
  }

  async take(size) {
    while (!this.held.length) {
      const { done, value } = await this.source.next();
      if (done) return this.held;
      this.held = value;
    }
    const block = this.held.subarray(0, size);
    this.held = this.held.subarray(block.length);
    this.whole.update(block);
    return block;
  }

  async pour(size, onBlock) {
    for (let left = size; left > 0; ) {
      const block = await this.take(left);
      need(block.length, "seal.archive_torn");
      onBlock(block);
      left -= block.length;
    }
  }

  async exactly(size) {
    const parts = [];
    await this.pour(size, (block) => parts.push(block.slice()));
    return joined(...parts);
  }

  /** The next member; a pax header before it may give its path, and nothing else that matters. */
  async member() {
    let { path, size, kind } = parse(await this.exactly(RECORD));
    let longer = null;
    if (kind === "x") {
      need(size <= PAX_LIMIT, "seal.member_refused", { member: "pax" });
      longer = paxPath(await this.exactly(size));
      await this.exactly(filling(size));
      ({ path, size, kind } = parse(await this.exactly(RECORD)));
    }
    need(kind === "0", "seal.member_refused", { member: String(kind) });
    return { path: text(longer ?? path), size };
  }
}

function onlyZeros(block) {
  need(block.every((byte) => byte === 0), "seal.archive_malformed");
}

/** Path, size and type of a ustar header; seal.archive_malformed unless magic and checksum hold. */
function parse(header) {
  const latin = (from, to) => Array.from(header.subarray(from, to), (byte) => String.fromCharCode(byte)).join("");
  const total = header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  need(latin(257, 265) === "ustar\x0000" && octal(latin(148, 156)) === total, "seal.archive_malformed");
  const until = (from, to) => {
    const end = header.subarray(from, to).indexOf(0);
    return header.subarray(from, end < 0 ? to : from + end);
  };
  const [name, prefix] = [until(0, 100), until(345, 500)];
  const kind = latin(156, 157);
  return { path: prefix.length ? joined(prefix, "/", name) : name, size: octal(latin(124, 136)), kind: kind === "\0" ? "0" : kind };
}

function octal(field) {
  const found = /^ *([0-7]+)[ \0]*$/.exec(field);
  need(found, "seal.archive_malformed");
  return Number.parseInt(found[1], 8);
}

function paxPath(data) {
  let path = null;
  for (let at = 0; at < data.length; ) {
    const shown = Array.from(data.subarray(at, at + 6), (byte) => String.fromCharCode(byte)).join("");
    const length = /^[1-9][0-9]{0,4} /.exec(shown);
    const size = length ? Number(length[0]) : 0;
    const record = data.subarray(at, at + size);
    const equals = record.indexOf(0x3d);
    need(size > 0 && record.length === size && equals >= 0 && record.at(-1) === 0x0a, "seal.archive_malformed");
    const key = Array.from(record.subarray(length[0].length, equals), (byte) => String.fromCharCode(byte)).join("");
    if (key === "path" && path === null) path = record.slice(equals + 1, -1);
    else need(PAX_IGNORED.includes(key), "seal.member_refused", { member: `pax ${key.slice(0, 40)}` });
    at += size;
  }
  return path;
}

function text(path) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(path);
  } catch {
    throw new Refusal("seal.member_refused", { member: "UTF-8" });
  }
}

// A draft as one file to take along: the .zip of docs/spec/preparation.md, which `sunbid seal --draft` reads too.

import { Zip, ZipPassThrough, unzipSync } from "../vendor/fflate.js";
import { readTyped } from "./draft.js";
import { plain } from "./money.js";
import { utf8 } from "./notation.js";
import { Refusal, need } from "./refusal.js";

const TYPED = "draft.json";
const LOOSE = "main";
const STEP = 1 << 20;
const MAX_TYPED = 1 << 20;
const MAX_ENTRIES = 5_000;
/** Reading holds the package and its content in memory; what is larger goes by the command, which does not. */
export const MOST_READ = 512 << 20;
const MOST_WRITTEN = 4_000_000_000; // the format's own limit without its 64-bit extension
const SCHEDULE_TEXTS = ["duration_days", "quality", "manager", "manager_certificate"];

/** The draft as a Blob; files are read piece by piece and never compressed: most are already. */
export async function packDraft(typed, files) {
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  need(size < MOST_WRITTEN, "draft.too_large", { limit: MOST_WRITTEN });
  const parts = [];
  let failed = null;
  const zip = new Zip((error, block) => {
    failed ??= error;
    if (block?.length) parts.push(new Blob([block]));
  });
  const add = (path) => {
    const member = new ZipPassThrough(path);
    member.mtime = new Date(1980, 0, 1); // the same draft gives the same file
    zip.add(member);
    return member;
  };
  add(TYPED).push(utf8(`${JSON.stringify(typed, null, 1)}\n`), true);
  for (const { envelope, slot, name, file } of files) {
    const member = add(`${envelope}/${slot}/${name}`);
    for (let at = 0; at < file.size || at === 0; at += STEP) {
      const block = await file.slice(at, at + STEP).arrayBuffer().catch(() => null);
      need(block, "seal.file_unreadable", { name });
      member.push(new Uint8Array(block), at + STEP >= file.size);
    }
  }
  zip.end();
  need(!failed, "draft.not_kept", { reason: String(failed) });
  return new Blob(parts, { type: "application/zip" });
}

/** {typed, files} of such a file; a refusal for one that is none, is another section's, or would lie elsewhere. */
export async function unpackDraft(file, section) {
  need(file.size <= MOST_READ, "draft.too_large", { limit: MOST_READ });
  const names = new Set();
  let total = 0;
  let content;
  try {
    content = unzipSync(new Uint8Array(await file.arrayBuffer()), {
      filter({ name, originalSize }) {
        if (name.endsWith("/")) return false;
        const pieces = name.split("/");
        const plainName = pieces.every((piece) => piece && piece !== "." && piece !== ".." && !/[\\:]/.test(piece));
        total += originalSize;
        need(plainName && pieces.length <= 3 && !names.has(name) && names.size < MAX_ENTRIES, "draft.unreadable", { reason: name });
        need(total <= MOST_READ, "draft.too_large", { limit: MOST_READ });
        names.add(name);
        return true;
      },
    });
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal("draft.unreadable", { reason: file.name });
  }
  const typed = content[TYPED];
  need(typed && typed.length <= MAX_TYPED, "draft.unreadable", { reason: TYPED });
  const read = readTyped(new TextDecoder().decode(typed), section);
  const files = Object.entries(content).flatMap(([path, bytes]) => {
    const pieces = path.split("/");
    const name = pieces.at(-1).normalize("NFC");
    if (pieces.length === 1 || name.startsWith(".")) return [];
    return [{ envelope: pieces[0], slot: pieces.length === 3 ? pieces[1] : LOOSE, name, file: new File([bytes], name) }];
  });
  const told = files.find(({ envelope, name }) => envelope === "schedule" && name === "schedule.json");
  if (told) await takeSchedule(read, told.file);
  return { typed: read, files: files.filter(({ envelope }) => envelope !== "schedule") };
}

/** What a schedule.json in the package says counts as typed. */
async function takeSchedule(typed, file) {
  try {
    const told = JSON.parse(await file.text());
    if (told.type !== "sunbid-schedule/v1" || !Number.isSafeInteger(told.price_fen)) return;
    const texts = SCHEDULE_TEXTS.map((name) => [name, String(told[name] ?? "")]);
    typed.schedule = { price: plain(told.price_fen), ...Object.fromEntries(texts) };
  } catch {
    // No schedule: what draft.json says stays.
  }
}

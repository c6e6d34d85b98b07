// What is wrong with a file before it is sealed: afterwards nobody can look into it until the opening.

import { LARGEST } from "./ladder.js";
import { marksIn } from "./marks.js";
import { checkName } from "./names.js";
import { latin } from "./notation.js";

const WINDOW = 64 * 1024;
// Only what every such file has; a format that is not here is let through with a word.
const FORMATS = {
  pdf: (head) => latin(head).includes("%PDF-"),
  docx: isZip, xlsx: isZip, pptx: isZip, zip: isZip, ofd: isZip,
  doc: isCompound, xls: isCompound, ppt: isCompound,
  jpg: (head) => begins(head, 0xff, 0xd8, 0xff),
  jpeg: (head) => begins(head, 0xff, 0xd8, 0xff),
  png: (head) => begins(head, 0x89, 0x50, 0x4e, 0x47),
  rar: (head) => latin(head).startsWith("Rar!"),
  "7z": (head) => begins(head, 0x37, 0x7a, 0xbc, 0xaf),
  xml: (head) => /^(\ufeff|\xef\xbb\xbf|\s)*</.test(latin(head)) || begins(head, 0xff, 0xfe) || begins(head, 0xfe, 0xff),
  json: (head) => /^(\xef\xbb\xbf|\s)*[[{]/.test(latin(head)),
  dwg: (head) => latin(head).startsWith("AC10"),
};
// Formats whose properties can be taken off for those who score an anonymous envelope (暗标).
const ANONYMOUS = new Set(["pdf", "docx"]);
const OPEN = new Set(["txt", "csv", "gbq", "gbq6", "xml", "json"]);
const TEMPORARY = /^(~\$|\.~lock\.|\._)|^(Thumbs\.db|desktop\.ini|\.DS_Store)$|\.(tmp|part|crdownload|download)$/i;

/**
 * The findings about one file: [{level: "block" or "warn", code, facts}], the gravest first. A blocked file cannot be
 * opened or read by those who must, or not be packed at all. `own`, for a file of an anonymous envelope: the words that
 * tell who bids; null elsewhere.
 */
export async function inspect(file, own = null) {
  const found = [];
  const say = (level, code, facts = {}) => found.push({ level, code, facts: { name: file.name, ...facts } });
  try {
    checkName(file.name);
  } catch (refusal) {
    say("block", refusal.code, refusal.facts);
  }
  if (TEMPORARY.test(file.name)) say("block", "file.temporary");
  if (file.size === 0) say("block", "file.empty");
  else if (file.size > LARGEST) say("block", "file.too_large", { limit: LARGEST });
  else {
    const head = await bytes(file, 0, 4096);
    const ending = /\.([^.]+)$/.exec(file.name)?.[1].toLowerCase() ?? "";
    if (own && !ANONYMOUS.has(ending)) say("block", "file.anonymous_format", { ending: ending || "—" });
    else for (const word of own ? await marksIn(file, ending, own) : []) say("warn", "file.anonymous_mark", { word });
    if (!Object.hasOwn(FORMATS, ending)) {
      if (!OPEN.has(ending)) say("warn", "file.type_unusual", { ending: ending || "—" });
    } else if (FORMATS[ending](head)) {
      if (ending === "pdf" && (await isEncryptedPdf(file))) say("block", "file.pdf_encrypted");
      if (isZip(head) && head[6] & 1) say("block", "file.zip_encrypted");
    } else if (isCompound(head) && (await isEncryptedOffice(file, head))) say("block", "file.office_encrypted");
    else say("block", "file.type_differs", { ending });
  }
  return found.sort((one, other) => (one.level === "block" ? 0 : 1) - (other.level === "block" ? 0 : 1));
}

/** Whether the newest trailer of a PDF names an encryption dictionary: then readers ask for a password. */
async function isEncryptedPdf(file) {
  const start = Math.max(0, file.size - 2048);
  const tail = latin(await bytes(file, start, file.size));
  const place = [...tail.matchAll(/startxref\s+(\d+)/g)].at(-1);
  const before = tail.slice(Math.max(tail.lastIndexOf("trailer", place?.index), 0), place?.index);
  const named = /\/Encrypt\s*(\d+\s+\d+\s+R|<<)/;
  if (tail.includes("trailer") && named.test(before)) return true;
  const at = Number(place?.[1] ?? 0);
  if (!at || at >= file.size) return false;
  // A cross-reference stream bears its dictionary in clear; a table is followed by its trailer.
  const table = latin(await bytes(file, at, at + WINDOW));
  const end = table.startsWith("xref") ? table.indexOf("startxref") : table.indexOf("stream");
  const from = table.startsWith("xref") ? Math.max(table.indexOf("trailer"), 0) : 0;
  return named.test(table.slice(from, end < 0 ? table.length : end));
}

/** Whether a compound file is an Office document under a password: its directory names EncryptedPackage. */
async function isEncryptedOffice(file, head) {
  const view = new DataView(head.buffer);
  const sector = 2 ** view.getUint16(30, true);
  const at = (view.getUint32(48, true) + 1) * sector;
  const directory = latin(await bytes(file, at, at + 4096)).replaceAll("\0", "");
  return directory.includes("EncryptedPackage");
}

const bytes = async (file, from, to) => new Uint8Array(await file.slice(from, to).arrayBuffer());

function begins(head, ...signs) {
  return signs.every((sign, at) => head[at] === sign);
}

function isZip(head) {
  return begins(head, 0x50, 0x4b, 3, 4) || begins(head, 0x50, 0x4b, 5, 6);
}

function isCompound(head) {
  return head.length >= 512 && begins(head, 0xd0, 0xcf, 0x11, 0xe0);
}

// Whether words of the bidder's own stand in a file of an anonymous envelope (暗标): bidding/rules/anonymity.py, as far
// as a page can see: the file's name, every part of a .docx, and what a PDF holds uncompressed (its properties).

import { unzipSync } from "../vendor/fflate.js";
import { hex, latin, utf8 } from "./notation.js";

const LARGEST = 64 << 20;
const PART = 16 << 20;
const PARTS = /\.(xml|rels)$/;
const SHORTEST = 2;

/** The words of `own` that stand in the file, in their order, each once. */
export async function marksIn(file, ending, own) {
  const words = own.filter((word) => word && plain(word).length >= SHORTEST);
  if (!words.length) return [];
  const texts = [plain(file.name)];
  let raw = "";
  if (file.size <= LARGEST) {
    const data = new Uint8Array(await file.arrayBuffer());
    if (ending === "docx") texts.push(...wordTexts(data));
    else raw = latin(data);
  }
  return words.filter((word) => texts.some((text) => text.includes(plain(word))) || (raw && spellings(word).some((one) => raw.includes(one))));
}

/** The text of every part of a .docx, without its tags; nothing of what could swell. */
function wordTexts(data) {
  try {
    const parts = unzipSync(data, { filter: ({ name, originalSize }) => PARTS.test(name) && originalSize <= PART });
    return Object.values(parts).map((part) => plain(new TextDecoder().decode(part).replace(/<[^>]*>/g, "")));
  } catch {
    return [];
  }
}

/** A word as a PDF may spell it: UTF-8, UTF-16, and UTF-16 in hex digits. */
function spellings(word) {
  const wide = Uint8Array.from([...word].flatMap((sign) => [sign.charCodeAt(0) >> 8, sign.charCodeAt(0) & 255]));
  return [latin(utf8(word)), latin(wide), hex(wide), hex(wide).toUpperCase()];
}

const plain = (text) => text.normalize("NFKC").replace(/\s/g, "").toLowerCase();

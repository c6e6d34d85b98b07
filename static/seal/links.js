// Clause-to-page links (条款关联): bidding/rules/links.py in the page; the bytes of links.json are the same.

import { canonical } from "./notation.js";
import { need } from "./refusal.js";

export const SLOT = "links";
export const FILE = "links.json";
const TYPE = "sunbid-links/v1";
const MAX_LINKS = 500;
const MAX_PAGE = 100_000;
const MAX_BYTES = 256 * 1024;
const MOST_PLACE = 80;
const MOST_TEXT = 255;

const length = (text) => [...text].length;
const printable = (text) => !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text);
const isPage = (page) => Number.isInteger(page) && page >= 1 && page <= MAX_PAGE;

/** A place in words as it is sealed: trimmed, at most 80 characters. */
export const placeText = (text) => [...String(text ?? "").trim()].slice(0, MOST_PLACE).join("");

/** The canonical bytes of an envelope's links.json, or null where no link speaks of its files; links.malformed. */
export function buildLinks(section, envelope, links) {
  const own = links.filter((link) => link.envelope === envelope).map((link) => ({
    clause: link.clause, slot: link.slot, file: link.file, from: link.from ?? null, to: link.to ?? null,
    place: placeText(link.place),
  }));
  if (!own.length) return null;
  need(own.length <= MAX_LINKS, "links.malformed", { place: "links", found: "links" });
  own.forEach((link, at) => need(isLink(link), "links.malformed", { place: `links.${at + 1}`, found: `links.${at + 1}` }));
  const data = canonical({ type: TYPE, section, envelope, links: own });
  need(data.length <= MAX_BYTES, "links.malformed", { place: "json", found: "json" });
  return data;
}

function isLink({ clause, slot, file, from, to, place }) {
  const texts = [clause, slot, file, place].every((text) => typeof text === "string" && length(text) <= MOST_TEXT);
  if (!texts || !printable(place)) return false;
  return from === null && to === null ? place !== "" : isPage(from) && isPage(to) && from <= to;
}

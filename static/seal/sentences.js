// The sentences of findings on drafts and bills: bidding/rules/sentences.json, given by the page in its language.

const book = JSON.parse(document.getElementById("preparation-words").textContent);
const { row: rowWord, ...sentences } = book;

/** The sentence of {code, expected, found}; the code itself where the book has none. A missing fact is a dash. */
export function sentenceOf({ code, ...facts }) {
  const shown = (name) => (facts[name] === undefined || facts[name] === null || facts[name] === "" ? "—" : String(facts[name]));
  return (sentences[code] ?? code).replace(/%\((\w+)\)s|%%/g, (hole, name) => (name ? shown(name) : "%"));
}

/** Where a finding on a bill stands: sheet, row, item; empty for one on the whole. */
export function placeOf({ sheet, row, item }) {
  const place = row ? `${sheet ?? ""} ${rowWord.replace("{row}", row)}`.trim() : "";
  return [place, item].filter(Boolean).join(" · ");
}

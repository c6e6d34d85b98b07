// How a bill spells texts and numbers: bidding/rules/boq/spelling.py in the page. A number is {digits: BigInt, places}.

export const WORDS_OF_PARTS = {
  works: ["分部分项工程", "分部分项", "分部分项工程项目清单"],
  measures: ["措施项目", "措施项目清单", "措施费"],
  others: ["其他项目", "其他项目清单"],
  charges: ["规费", "规费项目清单"],
  tax: ["税金", "增值税", "税金项目清单"],
};
export const WORDS_OF_PRICINGS = {
  unit: ["单价", "综合单价"], fixed: ["给定价", "暂估", "暂列", "不可竞争"], rate: ["费率"], fixed_rate: ["给定费率"],
};
export const TOTALS = ["合计", "总计", "总价", "投标总价", "投标报价", "清单合计", "工程造价"];
export const SUBTOTALS = ["小计", "本页小计", "分部小计", "章合计"];
export const NO_CHAPTER = "—";

const BLANK = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const BLANKS = new RegExp(`[${BLANK}]+`, "gu");
const EDGES = new RegExp(`^[${BLANK}]+|[${BLANK}]+$`, "gu");
const UNSEEN = /[\p{Cf}\p{Cs}\p{Cn}\p{Co}]|[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/gu;
const NUMBER = /^-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?$/;
const SHORT = 40;
const MOST_DIGITS = 27;

export const strip = (text) => text.replace(EDGES, "");

/** A text as two writers of the same thing agree on it: NFKC, no white space. */
export const folded = (text) => text.normalize("NFKC").replace(BLANKS, "");

/** Text as a bill keeps it: NFC, line feeds and blanks only, nothing invisible, blank at neither end. */
export function clean(text) {
  const plain = text.normalize("NFC").replace(/\r\n?/g, "\n").replaceAll("\t", " ");
  return strip(plain.replace(UNSEEN, ""));
}

/** Text for a report: one line, at most `most` signs. */
export function cut(value, most = 200) {
  const text = [...strip(String(value ?? "").replace(BLANKS, " "))];
  return text.length <= most ? text.join("") : `${text.slice(0, most - 1).join("")}…`;
}

/** The number of a decimal spelling without separators or exponent. */
export function number(text) {
  const [, sign, whole, part = ""] = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  const kept = part.replace(/0+$/, "");
  return { digits: BigInt(`${sign}${whole}${kept}`), places: kept.length };
}

/** Its one spelling: no exponent, no zeros that say nothing. */
export function spelled({ digits, places }) {
  const text = (digits < 0n ? -digits : digits).toString().padStart(places + 1, "0");
  const cutAt = text.length - places;
  return `${digits < 0n ? "-" : ""}${text.slice(0, cutAt)}${places ? `.${text.slice(cutAt)}` : ""}`;
}

export const same = (one, other) => one.digits === other.digits && one.places === other.places;

/** The digits of a number at so many places, which must hold it exactly. */
export const scaled = ({ digits, places }, to) => digits * 10n ** BigInt(to - places);

/** The number a person typed as text; null for none. */
export function typedNumber(text) {
  const cutText = [...text].slice(0, SHORT).join("");
  const plain = strip(strip(cutText.normalize("NFKC").replaceAll("−", "-")).replace(/^¥/, "").replace(/元$/, "").replace(/%$/, ""));
  if ([...text].length > SHORT || !NUMBER.test(plain)) return null;
  const digits = plain.replaceAll(",", "");
  return digits.length <= MOST_DIGITS ? number(digits) : null;
}

/** A spreadsheet's number as the decimal of fifteen digits it shows; null for what is no finite number. */
export function shownNumber(text) {
  const value = Number(text);
  if (!Number.isFinite(value) || Math.abs(value) >= 1e18) return null;
  if (/^-?[0-9]{1,18}$/.test(text)) return number(text);
  const [, sign, whole, part = "", power = "0"] = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:e([-+]?[0-9]+))?$/.exec(value.toPrecision(15));
  const digits = `${whole}${part}`;
  const point = whole.length + Number(power);
  const padded = point <= 0 ? "0".repeat(1 - point) + digits : digits.padEnd(point, "0");
  const at = Math.max(point, 1);
  return number(`${sign}${padded.slice(0, at)}${padded.length > at ? `.${padded.slice(at)}` : ""}`);
}

/** The key whose words contain the text; "" for none. */
export function worded(words, text) {
  const plain = folded(text);
  return Object.keys(words).find((key) => words[key].includes(plain)) ?? "";
}

/** The parts a 计费基数 names, in their order; null when one of them is not known. */
export function partsOf(text) {
  const found = folded(text).split(/[+、,;]/).filter(Boolean).map((piece) => worded(WORDS_OF_PARTS, piece));
  return found.includes("") ? null : Object.keys(WORDS_OF_PARTS).filter((part) => found.includes(part));
}

/** Collects findings {code, level, rule, sheet, row, item, expected, found} on one file, at most five hundred. */
export class Notes {
  constructor(sheet = "", found = []) {
    Object.assign(this, { sheet, found: [...found] });
  }

  add(code, { level = "error", rule = "", row = null, item = "", expected = "", found = "" } = {}) {
    if (this.found.length >= 500) return;
    this.found.push({ code, level, rule, sheet: this.sheet, row, item: cut(item, 80), expected: cut(expected), found: cut(found) });
  }
}

/** A file that cannot be read at all, with the reason. */
export function refusedBill(code, { expected = "", found = "" } = {}) {
  const notes = new Notes();
  notes.add(code, { expected, found });
  return { lines: [], total: null, totalRow: null, sheet: "", section: "", tender: "", silent: [], notes: notes.found };
}

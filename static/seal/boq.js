// A bidder's bill of quantities in the page: bidding/rules/boq in JavaScript (docs/spec/boq.md). All sums are exact.
//
// readStated(bytes) → what a file states; checkPriced(tender, stated, {control, schedule, regime}) → {bill, findings};
// billBytes(bill) → canonical sunbid-boq/v1. `tender` is the parsed boq.json of the notice; money is whole fen.
// Findings are {code, level, rule, sheet, row, item, expected, found}, the same as Python's.

import { LIMIT_FEN, plain } from "./money.js";
import { canonical, hashHex } from "./notation.js";
import { Notes, clean, folded, number, refusedBill, same, scaled, spelled, typedNumber } from "./spelling.js";
import { readWorkbook } from "./workbook.js";

export const PARTS = ["works", "measures", "others", "charges", "tax"];
const PRICINGS = ["unit", "fixed", "rate", "fixed_rate"];
const SUBSTANCE = "GB/T 50500";
const ARITHMETIC = { T: "R-430", G: "R-431" };
const OVER_MAXIMUM = { T: "R-400", G: "R-410" };
const MAX_BYTES = 16 << 20;
const MAX_LINES = 10_000;
const MAX_TAGS = 8 * MAX_LINES;
const NAMESPACE = "urn:sunbid:boq:1";

/** What a priced bill states: .xlsx, our XML, or canonical JSON; a finding and no lines for anything else. */
export function readStated(bytes) {
  const begins = (...head) => head.every((byte, at) => bytes[at] === byte);
  if (begins(0x50, 0x4b, 3, 4) || begins(0x50, 0x4b, 5, 6) || begins(0xd0, 0xcf, 0x11, 0xe0)) return readWorkbook(bytes);
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 200)).replace(/^[\xef\xbb\xbf \t\r\n]+/, "");
  if (head.startsWith("<")) return readXml(bytes);
  if (head.startsWith("{")) return readJson(bytes);
  return refusedBill("boq.not_xlsx", { found: head.slice(0, 8).replace(/[^\x20-\x7e]/g, ".") });
}

const sizeText = (size) => `${(size / (1 << 20)).toFixed(1)} MB`;

function readJson(bytes) {
  try {
    const bill = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (bill.type !== "sunbid-boq/v1" || bill.kind !== "priced") throw new TypeError("type");
    return stateOf(bill);
  } catch {
    return refusedBill("boq.malformed", { found: "json" });
  }
}

/** A priced bill as a file that states exactly it. */
export function stateOf(bill) {
  const yuan = (fen) => (fen === null ? null : number(plain(fen)));
  return {
    lines: bill.lines.map((line) => ({
      row: line.number, code: line.code, name: line.name, feature: line.feature, unit: line.unit, quantity: number(line.quantity),
      price: yuan(line.price_fen), amount: yuan(line.amount_fen), rate: line.rate === null ? null : number(line.rate), isComputed: false,
    })),
    total: yuan(bill.total_fen), totalRow: null, totalComputed: false, sheet: "", section: bill.section, tender: bill.tender_sha256 ?? "",
    silent: [], notes: [],
  };
}

function readXml(bytes) {
  const text = new TextDecoder("utf-8").decode(bytes);
  if (bytes.length > MAX_BYTES || text.split("<").length - 1 > 2 * MAX_TAGS) {
    return refusedBill("boq.too_big", { expected: `${MAX_BYTES >> 20} MB`, found: sizeText(bytes.length) });
  }
  if (text.includes("<!DOCTYPE") || text.includes("<!ENTITY")) return refusedBill("boq.xml_doctype");
  const root = new DOMParser().parseFromString(text, "application/xml");
  if (root.querySelector("parsererror")) return refusedBill("boq.xml_broken", { found: "XML" });
  const { documentElement: top } = root;
  if (top.namespaceURI !== NAMESPACE || top.localName !== "boq") {
    return refusedBill("boq.xml_broken", { expected: `${NAMESPACE} boq`, found: top.nodeName });
  }
  const notes = new Notes();
  const lines = [];
  const under = (element, name) => [...element.children].filter((one) => one.localName === name && one.namespaceURI === NAMESPACE);
  for (const part of under(top, "part")) {
    if (!PARTS.includes(part.getAttribute("name"))) {
      notes.add("boq.word_unknown", { expected: PARTS.join("、"), found: part.getAttribute("name") ?? "None" });
    }
    for (const chapter of under(part, "chapter")) {
      for (const item of under(chapter, "line")) lines.push(lineOf(item, lines.length + 1, notes, under));
    }
  }
  if (lines.length > MAX_LINES) return refusedBill("boq.too_many_rows", { expected: MAX_LINES, found: lines.length });
  if (!lines.length) notes.add("boq.no_lines");
  const [total] = under(top, "total");
  return {
    lines, total: total ? xmlNumber(notes, null, "", "total", total.textContent) : null, totalRow: null, totalComputed: false, sheet: "",
    section: clean(top.getAttribute("section") ?? ""), tender: top.getAttribute("tender") ?? "", silent: [], notes: notes.found,
  };
}

function lineOf(item, row, notes, under) {
  const given = (name) => item.getAttribute(name) ?? "";
  const name = clean(under(item, "name")[0]?.textContent ?? "");
  const title = `${given("code")} ${name}`.trim();
  const facts = (expected, found) => ({ row, item: title, expected: expected.join("、"), found });
  if (given("pricing") && !PRICINGS.includes(given("pricing"))) notes.add("boq.word_unknown", facts(PRICINGS, given("pricing")));
  const numbers = {};
  for (const field of ["quantity", "price", "rate", "amount"]) numbers[field] = xmlNumber(notes, row, title, field, given(field));
  const base = given("base").split(/\s+/).filter(Boolean);
  if (base.some((part) => !PARTS.includes(part))) notes.add("boq.word_unknown", facts(PARTS, given("base")));
  return {
    row, code: folded(given("code")), name, feature: clean(under(item, "feature")[0]?.textContent ?? ""), unit: clean(given("unit")),
    ...numbers, isComputed: false,
  };
}

function xmlNumber(notes, row, item, field, text) {
  if (!text.trim()) return null;
  const value = typedNumber(text);
  if (value === null) notes.add("boq.not_number", { row, item, expected: field, found: text });
  return value;
}

/** `numerator ÷ denominator` rounded half up, away from zero below it. */
function halvesUp(numerator, denominator) {
  const whole = (2n * (numerator < 0n ? -numerator : numerator) + denominator) / (2n * denominator);
  return numerator < 0n ? -whole : whole;
}

/** Quantity (a number of at most six places) × price in fen, to the fen. */
export const times = (quantity, price) => halvesUp(scaled(quantity, 6) * BigInt(price), 10n ** 6n);

/** `rate` per cent (at most six places) of an amount in fen, to the fen. */
export const share = (base, rate) => halvesUp(base * scaled(rate, 6), 10n ** 8n);

/** The amounts by line and the total, as whole fen. */
function computed(lines) {
  const sums = Object.fromEntries(PARTS.map((part) => [part, 0n]));
  const amounts = lines.map((line) => {
    const amount = line.rate === null
      ? times(number(line.quantity), line.price_fen)
      : share(line.base.reduce((sum, part) => sum + sums[part], 0n), number(line.rate));
    sums[line.part] += amount;
    return amount;
  });
  return { amounts, total: amounts.reduce((sum, amount) => sum + amount, 0n) };
}

/** The bill as far as it can be computed (or null), and every finding against the tenderee's. */
export function checkPriced(tender, stated, { control = null, schedule = null, regime = "T" } = {}) {
  const check = new Check(tender, stated, regime);
  const bill = check.priced();
  if (bill) check.totals(bill.total_fen, control, schedule);
  return { bill, findings: check.notes.found };
}

/** The canonical bytes of a priced bill: what is sealed as boq.json. */
export const billBytes = (bill) => canonical(bill);

const isRate = (line) => line.pricing === "rate" || line.pricing === "fixed_rate";
const shown = (value) => (value === null ? "" : spelled(value));
const isFine = (value, places) => value.places > places;
const fenOf = (value) => (isFine(value, 2) ? null : scaled(value, 2));

class Check {
  constructor(tender, stated, regime) {
    Object.assign(this, { tender, stated, regime, rule: ARITHMETIC[regime], notes: new Notes(stated.sheet, stated.notes) });
  }

  priced() {
    if (!this.stated.lines.length) return null;
    this.belongs();
    const found = this.matched();
    const missing = this.tender.lines.filter(({ code }) => !found.has(code));
    for (const { code, name } of missing) this.notes.add("boq.missing", { rule: SUBSTANCE, item: `${code} ${name}` });
    const lines = this.tender.lines.filter(({ code }) => found.has(code)).map((line) => this.line(line, found.get(line.code)));
    if (missing.length || lines.includes(null)) return null;
    const { amounts, total } = computed(lines);
    lines.forEach((line, at) => this.amount(line, found.get(line.code), amounts[at]));
    if (total < 0n || total >= BigInt(LIMIT_FEN)) {
      this.notes.add("boq.total_range", { found: total });
      return null;
    }
    const { type, section, title, unpriced } = this.tender;
    return {
      type, kind: "priced", section, title, unpriced, tender_sha256: hashHex(canonical(this.tender)),
      lines: lines.map((line, at) => ({ ...line, amount_fen: Number(amounts[at]) })), total_fen: Number(total),
    };
  }

  belongs() {
    const { section, tender } = this.stated;
    const own = hashHex(canonical(this.tender));
    if (section && section !== this.tender.section) this.notes.add("boq.other_section", { expected: this.tender.section, found: section });
    else if (tender && tender !== own) {
      this.notes.add("boq.other_version", { level: "warning", expected: own.slice(0, 12), found: tender.slice(0, 12) });
    }
  }

  matched() {
    const known = new Set(this.tender.lines.map(({ code }) => code));
    const found = new Map();
    for (const item of this.stated.lines) {
      const place = { rule: SUBSTANCE, row: item.row, item: title(item) };
      if (found.has(item.code)) this.notes.add("boq.twice", { ...place, expected: found.get(item.code).row });
      else if (!known.has(item.code)) this.notes.add("boq.added", place);
      else found.set(item.code, item);
    }
    return found;
  }

  line(line, item) {
    this.unchanged(line, item);
    if (isRate(line)) {
      const rate = this.rate(line, item);
      return rate === null ? null : { ...line, price_fen: null, rate: spelled(rate) };
    }
    const price = this.price(line, item);
    return price === null ? null : { ...line, price_fen: Number(price), rate: null };
  }

  unchanged(line, item) {
    for (const name of ["name", "feature", "unit"]) {
      if (!this.stated.silent.includes(name) && folded(line[name]) !== folded(item[name])) {
        this.note(`boq.${name}_changed`, item, { rule: SUBSTANCE, expected: line[name], found: item[name] });
      }
    }
    if (item.quantity === null && isRate(line)) return;
    if (item.quantity === null || !same(item.quantity, number(line.quantity))) {
      this.note("boq.quantity_changed", item, { rule: SUBSTANCE, expected: line.quantity, found: shown(item.quantity) });
    }
  }

  price(line, item) {
    if (item.price === null) return this.unpriced(line, item);
    const fen = fenOf(item.price);
    if (fen === null) return this.note("boq.precision", item, { expected: "0.01", found: spelled(item.price) });
    const size = fen < 0n ? -fen : fen;
    if (size >= BigInt(LIMIT_FEN)) return this.note("boq.total_range", item, { found: spelled(item.price) });
    if (line.pricing === "fixed" && fen !== BigInt(line.price_fen)) {
      return this.note("boq.price_given", item, { expected: plain(line.price_fen), found: plain(Number(fen)) });
    }
    if (fen < 0n) return this.note("boq.price_negative", item, { found: plain(Number(fen)) });
    return fen === 0n && line.pricing === "unit" ? this.unpriced(line, item) : fen;
  }

  unpriced(line, item) {
    const allowed = line.pricing === "unit" && this.tender.unpriced === "included";
    this.note(item.price === null ? "boq.price_missing" : "boq.price_zero", item, { level: allowed ? "warning" : "error" });
    return allowed ? 0n : null;
  }

  rate(line, item) {
    const { rate } = item;
    const fits = rate !== null && rate.digits >= 0n && !isFine(rate, 6) && scaled(rate, 6) <= 100_000_000n;
    if (!fits) return this.note("boq.rate_range", item, { found: shown(rate) });
    if (line.pricing === "fixed_rate" && spelled(rate) !== line.rate) {
      return this.note("boq.rate_given", item, { expected: line.rate, found: spelled(rate) });
    }
    return rate;
  }

  amount(line, item, amount) {
    if (item.amount === null) return;
    const told = { rule: this.rule, expected: plain(Number(amount)), found: spelled(item.amount) };
    const fen = fenOf(item.amount);
    if (fen === amount) return;
    if (item.isComputed && near(item.amount, amount, 1n)) this.note("boq.amount_rounding", item, { ...told, level: "warning" });
    else if (line.rate === null && fen !== null && powers(line).includes(fen)) this.note("boq.decimal_point", item, told);
    else this.note("boq.amount", item, told);
  }

  totals(total, control, schedule) {
    const { stated, notes, rule, regime } = this;
    if (stated.total !== null) {
      const told = { rule, row: stated.totalRow, expected: plain(total), found: spelled(stated.total) };
      if (fenOf(stated.total) !== BigInt(total)) {
        const close = stated.totalComputed && near(stated.total, BigInt(total), BigInt(this.tender.lines.length));
        if (close) notes.add("boq.amount_rounding", { ...told, level: "warning" });
        else notes.add("boq.total", told);
      }
    }
    if (control !== null && total > control) {
      notes.add("boq.over_control", { rule: OVER_MAXIMUM[regime], expected: plain(control), found: plain(total) });
    }
    if (schedule !== null && schedule !== total) notes.add("boq.schedule", { rule, expected: plain(total), found: plain(schedule) });
  }

  note(code, item, more) {
    this.notes.add(code, { row: item.row, item: title(item), ...more });
    return null;
  }
}

const title = ({ code, name }) => `${code} ${name}`.trim();

/** Whether a number in yuan lies within so many fen of an amount. */
function near(value, amount, fen) {
  const places = Math.max(value.places, 2);
  const off = scaled(value, places) - amount * 10n ** BigInt(places - 2);
  return (off < 0n ? -off : off) <= fen * 10n ** BigInt(places - 2);
}

/** The amounts in fen had the price its point one to three places elsewhere. */
function powers(line) {
  const product = scaled(number(line.quantity), 6) * BigInt(line.price_fen);
  return [-3, -2, -1, 1, 2, 3].map((power) =>
    power < 0 ? halvesUp(product, 10n ** BigInt(6 - power)) : halvesUp(product * 10n ** BigInt(power), 10n ** 6n));
}

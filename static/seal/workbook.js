// Reads a priced bill from .xlsx as bidding/rules/boq/workbook.py does: lines as stated, every oddity named.
//
// readWorkbook(bytes) → {lines, total, totalRow, totalComputed, sheet, section, tender, silent, notes}. fflate unpacks,
// DOMParser parses; what could swell is never unpacked.

import { unzipSync } from "../vendor/fflate.js";
import {
  NO_CHAPTER, Notes, SUBTOTALS, TOTALS, WORDS_OF_PARTS, WORDS_OF_PRICINGS, clean, folded, partsOf, refusedBill,
  shownNumber, strip, typedNumber, worded,
} from "./spelling.js";

const SHEET = "工程量清单";
const ABOUT = "填报说明";
const COLUMNS = {
  order: ["序号"], code: ["项目编码"], name: ["项目名称"], feature: ["项目特征", "项目特征描述"], unit: ["计量单位", "单位"],
  quantity: ["工程量", "数量"], price: ["综合单价", "单价"], amount: ["合价", "金额"], pricing: ["计价方式"], rate: ["费率"],
  base: ["计费基数"], part: ["清单类别"], chapter: ["分部工程"],
};
const NEEDED = ["code", "name", "feature", "unit", "quantity", "price", "amount"];
const ABOUT_FIELDS = { 标段编号: "section", 清单指纹: "tender" };
const MAX = { file: 20 << 20, entries: 2000, part: 16 << 20, total: 40 << 20, ratio: 200, free: 1 << 20, cells: 200_000, rows: 12_000 };
const KEPT = /^(?:xl\/_rels\/workbook\.xml\.rels|xl\/workbook\.xml|xl\/sharedStrings\.xml|xl\/styles\.xml|xl\/worksheets\/[^/]+\.xml)$/;
const LINKS = ["xl/externalLinks/", "xl/connections.xml", "xl/queryTables/"];
const HEADER_WITHIN = 20;
const MOST_COLUMNS = 64;

class Unreadable extends Error {
  constructor(code, facts) {
    super(code);
    Object.assign(this, { code, facts });
  }
}

/** The bill in the sheet 工程量清单; findings instead of exceptions, whatever the bytes are. */
export function readWorkbook(data) {
  try {
    const parts = unpack(data);
    const sheets = sheetsOf(parts);
    const own = sheets.find(({ name }) => strip(name) === SHEET);
    if (!own) return refusedBill("boq.no_sheet", { expected: SHEET, found: sheets.map(({ name }) => name).join("、") });
    const grid = new Grid(parsed(parts[own.path]), strings(parts), dates(parts));
    if (grid.last > MAX.rows) return refusedBill("boq.too_many_rows", { expected: MAX.rows, found: grid.last });
    const header = headerOf(grid);
    if (!header) {
      return refusedBill("boq.no_header", { expected: NEEDED.map((name) => COLUMNS[name][0]).join("、"), found: HEADER_WITHIN });
    }
    return read(grid, header, own, sheets, about(parts, sheets));
  } catch (error) {
    return error instanceof Unreadable ? refusedBill(error.code, error.facts) : refusedBill("boq.not_xlsx", { found: error.name });
  }
}

function unpack(data) {
  if (data.length > MAX.file) {
    throw new Unreadable("boq.too_big", { expected: `${MAX.file >> 20} MB`, found: `${(data.length / (1 << 20)).toFixed(1)} MB` });
  }
  if ([0xd0, 0xcf, 0x11, 0xe0].every((byte, at) => data[at] === byte)) {
    throw new Unreadable(latin(data).includes("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0") ? "boq.encrypted" : "boq.old_format");
  }
  const names = [];
  let whole = 0;
  const parts = unzipSync(data, {
    filter({ name, size, originalSize }) {
      names.push(name);
      if (names.length > MAX.entries) throw new Unreadable("boq.bomb", { expected: MAX.entries, found: names.length });
      if (!KEPT.test(name)) return false;
      whole += originalSize;
      const swells = originalSize > MAX.free && originalSize > MAX.ratio * Math.max(1, size);
      if (swells || originalSize > MAX.part || whole > MAX.total) {
        throw new Unreadable("boq.bomb", { expected: `${MAX.part >> 20} MB`, found: `${Math.round(originalSize / (1 << 20))} MB` });
      }
      return true;
    },
  });
  if (!parts["xl/workbook.xml"] || new Set(names).size !== names.length) throw new Unreadable("boq.not_xlsx", { found: "xl/workbook.xml" });
  if (names.includes("xl/vbaProject.bin")) throw new Unreadable("boq.macros");
  if (names.some((name) => LINKS.some((link) => name.startsWith(link)))) throw new Unreadable("boq.external_links");
  for (const [name, part] of Object.entries(parts)) {
    if (!name.startsWith("xl/worksheets/")) continue;
    const text = latin(part);
    const [rows, cells] = [occurrences(text, "<row"), occurrences(text, "<c ") + occurrences(text, "<c>")];
    if (rows > MAX.rows || cells > MAX.cells) {
      throw new Unreadable("boq.too_many_rows", { expected: MAX.rows, found: Math.max(rows, Math.floor(cells / 16)) });
    }
  }
  return parts;
}

const latin = (bytes) => new TextDecoder("latin1").decode(bytes);

function occurrences(text, piece) {
  let count = 0;
  for (let at = text.indexOf(piece); at >= 0; at = text.indexOf(piece, at + piece.length)) count += 1;
  return count;
}

function parsed(part) {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(part);
  if (text.includes("<!DOCTYPE") || text.includes("<!ENTITY")) throw new TypeError("doctype");
  const found = new DOMParser().parseFromString(text, "application/xml");
  if (found.querySelector("parsererror")) throw new TypeError("xml");
  return found;
}

const all = (root, name) => [...root.getElementsByTagNameNS("*", name)];
const child = (element, name) => [...element.children].find(({ localName }) => localName === name) ?? null;

function sheetsOf(parts) {
  const targets = new Map(all(parsed(parts["xl/_rels/workbook.xml.rels"]), "Relationship").map((relation) => {
    const target = relation.getAttribute("Target") ?? "";
    return [relation.getAttribute("Id"), target.startsWith("/") ? target.slice(1) : `xl/${target}`];
  }));
  return all(parsed(parts["xl/workbook.xml"]), "sheet").map((sheet) => ({
    name: sheet.getAttribute("name") ?? "",
    state: sheet.getAttribute("state") ?? "visible",
    path: targets.get([...sheet.attributes].find(({ localName, namespaceURI }) => localName === "id" && namespaceURI)?.value),
  })).filter(({ path }) => parts[path]);
}

const plainText = (element) =>
  all(element, "t").filter(({ parentElement }) => parentElement.localName !== "rPh").map(({ textContent }) => textContent).join("");

const strings = (parts) => (parts["xl/sharedStrings.xml"] ? all(parsed(parts["xl/sharedStrings.xml"]), "si").map(plainText) : []);

/** The places of cell styles that show a number as a date. */
function dates(parts) {
  if (!parts["xl/styles.xml"]) return new Set();
  const styles = parsed(parts["xl/styles.xml"]);
  const custom = new Map(all(styles, "numFmt").map((one) => [one.getAttribute("numFmtId"), one.getAttribute("formatCode") ?? ""]));
  const isDate = (id) => {
    const code = custom.get(id);
    if (code === undefined) return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
    return /[dmhysDMHYS]/.test(code.replace(/"[^"]*"|\\.|\[(?!hh?\]|mm?\]|ss?\])[^\]]*\]/gi, ""));
  };
  const cells = all(styles, "cellXfs")[0];
  const found = cells ? [...cells.children].map((style, at) => (isDate(style.getAttribute("numFmtId") ?? "0") ? at : -1)) : [];
  return new Set(found.filter((at) => at >= 0));
}

/** One sheet's cells by row and column: {kind: "n" | "s" | "b" | "d" | "e" | "f", value, computed}. */
class Grid {
  constructor(root, shared, dateStyles) {
    this.rows = new Map();
    this.unseenRows = new Set();
    this.columns = [];
    this.merged = new Map();
    let [row, last, widest] = [0, 0, 0];
    for (const element of all(root, "row")) {
      row = Number(element.getAttribute("r") ?? row + 1);
      const height = element.getAttribute("ht");
      if (yes(element.getAttribute("hidden")) || (height !== null && Number(height) === 0)) this.unseenRows.add(row);
      let column = 0;
      for (const item of element.children) {
        if (item.localName !== "c") continue;
        column = columnOf(item.getAttribute("r") ?? "") || column + 1;
        const cell = cellOf(item, shared, dateStyles);
        if (!this.rows.has(row)) this.rows.set(row, new Map());
        this.rows.get(row).set(column, cell);
        [last, widest] = [Math.max(last, row), Math.max(widest, column)];
      }
    }
    [this.last, this.width] = [last, Math.min(widest, MOST_COLUMNS)];
    for (const element of all(root, "col")) {
      const width = element.getAttribute("width");
      const unseen = yes(element.getAttribute("hidden")) || (width !== null && Number(width) === 0);
      this.columns.push({ low: Number(element.getAttribute("min")), high: Number(element.getAttribute("max")), unseen });
    }
    for (const element of all(root, "mergeCell")) {
      const reference = element.getAttribute("ref") ?? "";
      const [from, to] = reference.split(":").map((corner) => Number(/\d+$/.exec(corner)?.[0] ?? 0));
      for (let at = from; at <= Math.min(to ?? from, MAX.rows); at += 1) if (!this.merged.has(at)) this.merged.set(at, reference);
    }
  }

  cell(row, column) {
    return this.rows.get(row)?.get(column) ?? EMPTY;
  }
}

const EMPTY = { kind: "n", value: null, computed: null };
const yes = (value) => value === "1" || value === "true";

function columnOf(reference) {
  let found = 0;
  for (const letter of /^[A-Z]{1,3}/.exec(reference)?.[0] ?? "") found = found * 26 + letter.charCodeAt(0) - 64;
  return found;
}

function cellOf(element, shared, dateStyles) {
  const [type, formula, value] = [element.getAttribute("t") ?? "n", child(element, "f"), child(element, "v")?.textContent ?? null];
  if (formula) return { kind: "f", value: `=${formula.textContent}`, computed: value };
  if (type === "inlineStr") return { kind: "s", value: child(element, "is") ? plainText(child(element, "is")) : null };
  if (value === null || value === "") return EMPTY;
  if (type === "s") return { kind: "s", value: shared[Number(value)] ?? null };
  if (type === "b") return { kind: "b", value: value === "1" ? "True" : "False" };
  if (type === "n") return { kind: dateStyles.has(Number(element.getAttribute("s") ?? 0)) ? "d" : "n", value };
  return { kind: { str: "s", e: "e", d: "d" }[type] ?? "s", value };
}

function headerOf(grid) {
  for (let row = 1; row <= Math.min(HEADER_WITHIN, grid.last); row += 1) {
    const columns = {};
    for (let column = 1; column <= grid.width; column += 1) {
      const cell = grid.cell(row, column);
      const title = cell.kind === "s" ? folded(cell.value ?? "").split(/[(（]/)[0] : "";
      const field = Object.keys(COLUMNS).find((name) => COLUMNS[name].includes(title));
      if (field && !(field in columns)) columns[field] = column;
    }
    if ("code" in columns && "name" in columns && Object.keys(columns).length > 3) return { row, columns };
  }
  return null;
}

function read(grid, { row: header, columns }, own, sheets, said) {
  const notes = new Notes(SHEET);
  const missing = NEEDED.filter((name) => !(name in columns)).map((name) => COLUMNS[name][0]);
  if (missing.length) {
    notes.add("boq.no_column", { row: header, expected: missing.join("、") });
    return { ...refusedBill("boq.no_column"), notes: notes.found };
  }
  if (own.state !== "visible") notes.add("boq.hidden_sheet");
  for (const other of sheets) {
    if (other !== own && other.state !== "visible") notes.add("boq.other_hidden_sheet", { level: "warning", found: other.name });
  }
  for (const [name, column] of Object.entries(columns)) {
    for (const { low, high, unseen } of grid.columns) {
      if (unseen && low <= column && column <= high) notes.add("boq.hidden_column", { found: COLUMNS[name][0] });
    }
  }
  const rows = new Rows(grid, header, columns, notes);
  rows.read();
  if (!rows.lines.length) notes.add("boq.no_lines");
  return {
    lines: rows.lines, total: rows.total, totalRow: rows.totalRow, totalComputed: rows.totalComputed, sheet: SHEET, ...said,
    silent: Object.keys(COLUMNS).filter((name) => !(name in columns)), notes: notes.found,
  };
}

class Rows {
  constructor(grid, header, columns, notes) {
    Object.assign(this, { grid, header, columns, notes, part: "", chapter: "", lines: [], total: null, totalRow: null, totalComputed: false });
  }

  read() {
    for (const row of [...this.grid.rows.keys()].sort((a, b) => a - b)) {
      if (row <= this.header) continue;
      const cells = Array.from({ length: this.grid.width }, (_, at) => this.grid.cell(row, at + 1));
      if (cells.some(({ value }) => value !== null && strip(String(value)))) this.row(row, cells);
    }
  }

  row(row, cells) {
    const at = Object.fromEntries(Object.entries(this.columns).filter(([, column]) => column <= cells.length)
      .map(([name, column]) => [name, cells[column - 1]]));
    for (const name of NEEDED) at[name] ??= EMPTY;
    const code = this.code(row, at.code);
    if (!code) return this.withoutCode(row, at, cells);
    const item = `${code} ${textOf(at.name)}`;
    if (this.grid.unseenRows.has(row)) this.notes.add("boq.hidden_row", { row, item });
    if (this.grid.merged.has(row)) this.notes.add("boq.merged", { row, item, found: this.grid.merged.get(row) });
    for (const name of Object.keys(this.columns)) {
      const cell = at[name] ?? EMPTY;
      const facts = { row, item, expected: COLUMNS[name][0], found: cell.value };
      if (cell.kind === "f" && name !== "amount" && name !== "order") this.notes.add("boq.formula", facts);
      else if (cell.kind === "e" && name !== "order") this.notes.add("boq.cell_error", facts);
    }
    const numbers = {};
    for (const name of ["quantity", "price", "amount", "rate"]) numbers[name] = this.number(row, item, name, at);
    const part = this.word(row, item, "part", at, WORDS_OF_PARTS) || this.part;
    const pricing = this.word(row, item, "pricing", at, WORDS_OF_PRICINGS);
    const base = partsOf(at.base ? textOf(at.base) : "");
    if (base === null) this.unknown(row, item, WORDS_OF_PARTS, textOf(at.base));
    this.lines.push({
      row, code, name: textOf(at.name), feature: textOf(at.feature), unit: textOf(at.unit), ...numbers, part, pricing,
      base: base ?? [], isComputed: at.amount.kind === "f",
    });
    return undefined;
  }

  code(row, { kind, value }) {
    if (kind === "n" && value !== null && Number.isInteger(Number(value))) {
      const code = BigInt(Math.trunc(Number(value))).toString().padStart(12, "0");
      this.notes.add("boq.code_number", { level: "warning", row, item: code });
      return code;
    }
    return value === null ? "" : folded(String(value));
  }

  withoutCode(row, at, cells) {
    const texts = cells.filter(({ kind, value }) => kind === "s" && value !== null).map(textOf);
    const bare = texts.map((text) => folded(text).replace(/:+$/, "").split(/[(（]/)[0]);
    if (bare.some((text) => TOTALS.includes(text))) {
      this.total = this.number(row, "", "amount", at);
      [this.totalRow, this.totalComputed] = [row, at.amount.kind === "f"];
      return;
    }
    const numbers = ["quantity", "price", "amount"].map((name) => at[name]).filter(({ value }) => value !== null);
    if (bare.some((text) => SUBTOTALS.includes(text))) return;
    if (!texts.length || numbers.some(({ kind }) => kind === "n" || kind === "f")) {
      this.notes.add("boq.row_unknown", { row, found: texts.join(" ") || (numbers[0]?.value ?? "") });
      return;
    }
    const heading = textOf(at.name) || texts.reduce((one, other) => ([...other].length > [...one].length ? other : one));
    const part = worded(WORDS_OF_PARTS, heading);
    if (part) [this.part, this.chapter] = [part, ""];
    else [this.part, this.chapter] = [this.part || "works", heading === NO_CHAPTER ? "" : heading];
  }

  number(row, item, name, at) {
    const cell = at[name] ?? EMPTY;
    const expected = COLUMNS[name][0];
    if (cell.value === null || cell.kind === "e") return null;
    if (cell.kind === "f") {
      return name === "amount" && /^-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?$/.test(cell.computed ?? "") ? shownNumber(String(Number(cell.computed))) : null;
    }
    if (cell.kind === "b" || cell.kind === "d") {
      this.notes.add("boq.not_number", { row, item, expected, found: cell.value });
      return null;
    }
    if (cell.kind === "n") return shownNumber(cell.value);
    if (!folded(cell.value)) return null;
    const typed = typedNumber(cell.value);
    if (typed === null) this.notes.add("boq.not_number", { row, item, expected, found: cell.value });
    else this.notes.add("boq.text_number", { level: "warning", row, item, expected: spell(cell.value), found: cell.value });
    return typed;
  }

  word(row, item, name, at, words) {
    const text = at[name] ? textOf(at[name]) : "";
    if (!text) return "";
    const key = worded(words, text);
    if (!key) this.unknown(row, item, words, text);
    return key;
  }

  unknown(row, item, words, found) {
    this.notes.add("boq.word_unknown", { row, item, expected: Object.values(words).map(([first]) => first).join("、"), found });
  }
}

/** How a text number is told: its digits as typed, without separators. */
const spell = (text) => strip(text.normalize("NFKC").replace(/[¥元%,\s]/g, "").replaceAll("−", "-"));

/** A cell as text; whole numbers without their point. */
function textOf({ kind, value }) {
  if (value === null || kind === "f" || kind === "e") return "";
  return clean(kind === "n" && Number.isInteger(Number(value)) ? BigInt(Number(value)).toString() : String(value));
}

/** What the sheet 填报说明 says: section, the hash of the tenderee's bill. */
function about(parts, sheets) {
  const found = { section: "", tender: "" };
  const sheet = sheets.find(({ name }) => strip(name) === ABOUT);
  if (!sheet) return found;
  const grid = new Grid(parsed(parts[sheet.path]), strings(parts), new Set());
  for (let row = 1; row <= Math.min(40, grid.last); row += 1) {
    const [label, value] = [grid.cell(row, 1), grid.cell(row, 2)];
    const field = ABOUT_FIELDS[folded(String(label.value ?? ""))];
    if (field && value.kind === "s") found[field] = clean(value.value ?? "");
  }
  found.tender = found.tender.normalize("NFKC").toLowerCase();
  return found;
}

// A bid's draft as a value: bidding/cli/draft.py in the page. What was typed, its files, and what is sealed beside them.

import { readStated, checkPriced } from "./boq.js";
import { hashHex } from "./notation.js";
import { parse } from "./money.js";
import { Refusal, need } from "./refusal.js";

export const DRAFT = "sunbid-draft/v1";
export const BOQ = { envelope: "price", slot: "boq", name: "boq.json" };
const BILL = /\.(xlsx|xls|xlsm|xml)$/i;
const BILL_JSON = /\.json$/i;
const GROUPS = ["schedule", "bond", "authorisation", "consortium"];

/** Name of a control of the forms → where what is typed stands in the draft. */
export const FIELDS = {
  price: "schedule.price", duration: "schedule.duration_days", quality: "schedule.quality", manager: "schedule.manager",
  manager_certificate: "schedule.manager_certificate", bond_form: "bond.form", bond_account: "bond.account",
  bond_payer: "bond.payer", bond_amount: "bond.amount", operator: "authorisation.operator",
  contact: "authorisation.contact", phone: "authorisation.phone", confirmed: "authorisation.confirmed",
};

/** What was typed of a draft that holds nothing yet. */
export const blank = (section) => ({ type: DRAFT, section, schedule: {}, bond: {}, authorisation: {}, consortium: {}, links: [] });

/** The value of a control in what was typed; "" where there is none. */
export function typedAt(typed, name) {
  const [group, field] = FIELDS[name].split(".");
  return typed[group]?.[field] ?? "";
}

/** What draft.json says, or a refusal: draft.unreadable for what is none, draft.other_section for another section's. */
export function readTyped(text, section) {
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below.
  }
  const isObject = (one) => typeof one === "object" && one !== null && !Array.isArray(one);
  const groups = isObject(value) && GROUPS.every((name) => isObject(value[name] ?? {}));
  const links = groups && Array.isArray(value.links ?? []) && (value.links ?? []).every(isObject);
  need(links && value.type === DRAFT, "draft.unreadable", { reason: "draft.json" });
  need(!value.section || value.section === section, "draft.other_section", { given: value.section, expected: section });
  const { schedule = {}, bond = {}, authorisation = {}, consortium = {}, links: kept = [] } = value;
  return { type: DRAFT, section, schedule, bond, authorisation, consortium, links: kept };
}

/** The draft as `completeness` looks at it. */
export function factsOf(typed, files, bill) {
  return { ...typed, files: files.map(({ envelope, slot, name, size, pages = null }) => ({ envelope, slot, name, size, pages })), bill };
}

/** The price as typed, in fen; null while there is none. */
export function priceOf(text) {
  try {
    return parse(text);
  } catch (refusal) {
    if (refusal instanceof Refusal) return null;
    throw refusal;
  }
}

/** The priced bill that lies in its place is read once, and checked whenever it or the price changes. */
export class BillCheck {
  constructor(preparation) {
    this.preparation = preparation;
    this.tenders = new Map();
    this.read = { file: null, stated: null };
    this.found = { name: "", bill: null, findings: [] };
  }

  get asked() {
    return Boolean(this.preparation.boq);
  }

  /** What `completeness` asks of the bill: {file, errors, total_fen}, or null while there is none. */
  get facts() {
    const { name, bill, findings } = this.found;
    return name || findings.length ? { file: name, errors: this.errors.length, total_fen: bill?.total_fen ?? null } : null;
  }

  get errors() {
    return this.found.findings.filter(({ level }) => level === "error");
  }

  /** Check the one bill among `files` ({envelope, slot, name, file}) with the price in fen or null; what was found. */
  async look(files, price) {
    if (!this.asked) return this.found;
    const here = files.filter(({ envelope, slot }) => envelope === BOQ.envelope && slot === BOQ.slot);
    const sheets = here.filter(({ name }) => BILL.test(name));
    const bills = sheets.length ? sheets : here.filter(({ name }) => BILL_JSON.test(name));
    if (bills.length !== 1) {
      const many = { code: "draft.bill_many", level: "error", rule: "", sheet: "", row: null, item: "", expected: bills.map(({ name }) => name).join("、"), found: String(bills.length) };
      this.found = { name: "", bill: null, findings: bills.length ? [many] : [] };
      return this.found;
    }
    const [{ name, file }] = bills;
    const tender = await this.tender();
    if (this.read.file !== file) this.read = { file, stated: readStated(new Uint8Array(await file.arrayBuffer())) };
    const { control_price_fen: control = null, regime = "T" } = this.preparation;
    this.found = { name, ...checkPriced(tender, this.read.stated, { control, schedule: price, regime }) };
    return this.found;
  }

  /** The tenderee's bill, whose bytes have the hash of the notice; client.template otherwise. */
  async tender() {
    const { sha256 } = this.preparation.boq;
    if (!this.tenders.has(sha256)) {
      const answer = await fetch(`/objects/${sha256}`, { credentials: "omit", referrerPolicy: "no-referrer" }).catch(() => null);
      need(answer?.ok, "server.unreachable");
      const bytes = new Uint8Array(await answer.arrayBuffer());
      need(hashHex(bytes) === sha256, "client.template");
      this.tenders.set(sha256, JSON.parse(new TextDecoder().decode(bytes)));
    }
    return this.tenders.get(sha256);
  }
}

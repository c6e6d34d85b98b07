// The schedule and the bidder's facts as typed in the page: read, checked, remembered for this tab only.

import { FIELDS, typedAt } from "./draft.js";
import { hash, hex } from "./notation.js";
import { parseDays, parseMoney, printable, scheduleFile } from "./schedule.js";
import { fault } from "./view.js";
import { explain, say } from "./words.js";

const READ = {
  price: parseMoney, duration: parseDays, quality: printable, manager: printable, manager_certificate: printable,
  operator: printable, contact: optional, phone: optional, bond_form: optional, bond_account: optional, bond_payer: optional,
  bond_amount: (text) => (text.trim() ? parseMoney(text) : 0),
};

function optional(text) {
  return text.trim() ? printable(text) : "";
}

export class Form {
  /** `prepared`: the draft as `DraftStore` opens it, or null; what was typed here after it was kept counts before it. */
  constructor(form, { owner, section }, prepared = null) {
    this.form = form;
    this.key = `sunbid-form:${owner}:${section}`;
    this.control = Number(form.dataset.controlFen ?? 0);
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "{}");
    const isNewer = prepared && !(kept.at > prepared.savedAt);
    const held = (name) => (isNewer && Object.hasOwn(FIELDS, name) && typedAt(prepared.typed, name)) || kept.typed?.[name];
    for (const control of this.controls()) {
      if (held(control.name)) control.value = held(control.name);
      control.dispatchEvent(new Event("input", { bubbles: true })); // the amount in capitals
    }
    form.addEventListener("input", () => {
      const typed = Object.fromEntries(this.controls().map(({ name, value }) => [name, value]));
      sessionStorage.setItem(this.key, JSON.stringify({ at: Date.now(), typed }));
      this.warn();
    });
    this.warn();
  }

  controls() {
    return [...this.form.elements].filter(({ name }) => Object.hasOwn(READ, name));
  }

  /** Say at once when the price is above the control price: such a bid is rejected. */
  warn() {
    const line = document.getElementById("price-warning");
    let above = false;
    try {
      above = this.control > 0 && parseMoney(this.form.elements.price.value) > this.control;
    } catch {
      // An unfinished amount is not a finding.
    }
    line.hidden = !above;
  }

  /** {values, problems}: what was typed as values; [{field, reason, message}] for what cannot be taken. */
  read() {
    const [values, problems] = [{}, []];
    for (const { name, id, value } of this.controls()) {
      try {
        values[name] = READ[name](value);
      } catch (refusal) {
        const { reason } = explain(refusal);
        problems.push({ field: id, reason, message: say("named", { field: say(`field.${name}`), reason }) });
      }
    }
    if (values.price === 0) problems.push({ field: "price", reason: say("schedule.price"), message: say("schedule.price") });
    return { values, problems };
  }

  /** Mark the fields named in `problems`, and no others. */
  mark(problems) {
    for (const control of this.controls()) fault(control, problems.find(({ field }) => field === control.id)?.reason ?? null);
  }

  /** The schedule as a file entry of its envelope, and the facts that are sealed for the trustees. */
  async made(keys) {
    const { values } = this.read();
    const { price, duration, quality, manager, manager_certificate } = values;
    const file = scheduleFile({ price_fen: price, duration_days: duration, quality, manager, manager_certificate });
    const sha256 = hex(hash(new Uint8Array(await file.arrayBuffer())));
    const bond = values.bond_form
      ? { form: values.bond_form, account: values.bond_account, payer: values.bond_payer || keys.name, amount_fen: values.bond_amount }
      : null;
    return {
      schedule: { slot: "schedule", name: file.name, size: file.size, sha256, pieces: [sha256], file },
      facts: {
        bidder: { name: keys.name, uscc: keys.uscc, contact: values.contact, phone: values.phone },
        operator: values.operator, bond,
      },
    };
  }

  lock(locked) {
    for (const control of this.controls()) control.disabled = locked;
  }

  forget() {
    sessionStorage.removeItem(this.key);
  }
}

// What the page seals beside the chosen files, as `sunbid seal` does: boq.json of a sound bill, links.json of the draft.

import { billBytes } from "./boq.js";
import { showBill } from "./bill_view.js";
import { broken } from "./completeness.js";
import { BOQ, BillCheck, priceOf } from "./draft.js";
import { FILE, SLOT, buildLinks } from "./links.js";
import { sentenceOf } from "./sentences.js";
import { explain, say } from "./words.js";

const PAUSE = 250; // milliseconds after the last key before a long bill is computed anew

export class Enclosing {
  /** `files()`: those chosen; `price()`: as typed; `check(file)` hashes: {sha256, pieces}; `looked()` after each look. */
  constructor(preparation, { files, price, check = null, looked = () => {} }) {
    Object.assign(this, { preparation, files, price, check, looked, links: [], failure: null, waiting: 0, turn: Promise.resolve() });
    this.bill = new BillCheck(preparation);
  }

  /** Something changed: look again when it is quiet. */
  changed() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.look(), PAUSE);
  }

  /** Check the bill as it stands and show what was found; one look at a time. */
  look() {
    clearTimeout(this.waiting);
    this.turn = this.turn.then(async () => {
      this.failure = null;
      try {
        await this.bill.look(this.files(), priceOf(this.price()));
      } catch (refusal) {
        this.failure = refusal.code ? refusal : { code: "page.failed", facts: { reason: String(refusal) } };
      }
      showBill(this.bill, this.failure);
      this.looked();
    });
    return this.turn;
  }

  /** The section's requirements may have changed while the page stood open: the newest count. */
  async renew() {
    const path = `/sections/${encodeURIComponent(this.preparation.section)}/preparation.json`;
    const answer = await fetch(path, { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" }).catch(() => null);
    if (!answer?.ok) return; // the sealing itself asks the server and says what is wrong
    this.preparation = await answer.json();
    this.bill.preparation = this.preparation;
  }

  /** What keeps a bid from being sealed, of the bill and the links: [{field, message}]. Look first. */
  problems() {
    const found = [];
    if (this.failure) found.push({ field: "bill", message: explain(this.failure).reason });
    else if (this.bill.asked && this.bill.errors.length) {
      found.push({ field: "bill", message: sentenceOf({ code: "draft.bill_errors", found: this.bill.errors.length }) });
    } else if (this.bill.asked && !this.bill.found.bill) {
      found.push({ field: "bill", message: sentenceOf({ code: "draft.bill_missing" }) });
    }
    for (const link of this.links) {
      const wrong = broken(link, this.files());
      if (wrong) found.push({ field: `file-${link.envelope}-${link.slot}`, message: say("links.named", { clause: link.clause, reason: sentenceOf(wrong) }) });
    }
    return found;
  }

  /** The envelopes with what was computed in them; it takes the place of a file of that name left from earlier. */
  async enclosed(envelopes) {
    const made = [];
    const { bill } = this.bill.found;
    if (this.bill.asked && bill) made.push({ ...BOQ, bytes: billBytes(bill) });
    for (const envelope of Object.keys(envelopes)) {
      const bytes = buildLinks(this.preparation.section, envelope, this.links);
      if (bytes) made.push({ envelope, slot: SLOT, name: FILE, bytes });
    }
    const found = { ...envelopes };
    for (const { envelope, slot, name, bytes } of made) {
      const file = new File([bytes], name, { type: "application/json" });
      const { sha256, pieces } = await this.check(file);
      const kept = (found[envelope] ?? []).filter((one) => one.slot !== slot || one.name !== name);
      found[envelope] = [...kept, { slot, name, size: file.size, sha256, pieces, file }];
    }
    return found;
  }
}

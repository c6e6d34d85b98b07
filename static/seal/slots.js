// The named slots of the page: which files were chosen for which, what is wrong with them, what is still missing.

import { nameKey } from "./names.js";
import { fileRow, findingLine, tag } from "./view.js";
import { say } from "./words.js";

export class Slots {
  /** `check(id, file, slot)` gives {findings, sha256, pieces}; `onChange()` is told whenever something has changed. */
  constructor(root, check, onChange) {
    this.check = check;
    this.onChange = onChange;
    this.count = 0;
    this.slots = [...root.querySelectorAll("[data-slot]")].map((element) => ({
      element, files: [], envelope: element.dataset.envelope, slot: element.dataset.slot, name: element.dataset.name,
      required: element.dataset.required === "yes", anonymous: element.dataset.anonymous === "yes", input: element.querySelector("input[type=file]"),
    }));
    for (const slot of this.slots) {
      slot.input.addEventListener("change", () => {
        for (const file of slot.input.files) this.add(slot, file);
        slot.input.value = "";
      });
    }
  }

  add(slot, file, kept = false) {
    const entry = { id: this.count += 1, kept, file, name: file.name.normalize("NFC"), size: file.size, sha256: null, pieces: [], findings: [], checking: true };
    // The same name chosen again is the file in its newer version.
    slot.files = [...slot.files.filter(({ name }) => name !== entry.name), entry];
    this.show();
    this.check(entry.id, new File([file], entry.name), slot).then(({ findings, sha256, pieces }) => {
      Object.assign(entry, { findings, sha256, pieces, checking: false });
      this.show();
    });
  }

  /** Every place empty again. */
  clear() {
    for (const slot of this.slots) slot.files = [];
    this.show();
  }

  remove(slot, entry) {
    slot.files = slot.files.filter((other) => other !== entry);
    this.show();
    slot.input.focus();
  }

  /** Findings of an entry with those that come of its neighbours: a name or a content that is there twice. */
  findingsOf(slot, entry) {
    const found = [...entry.findings];
    const same = slot.files.find((other) => other !== entry && nameKey(other.name) === nameKey(entry.name));
    if (same) found.unshift({ level: "block", code: "seal.name_duplicate", facts: { name: entry.name } });
    const twin = entry.sha256 && this.slots.flatMap((other) => other.files.map((file) => [other, file]))
      .find(([, file]) => file !== entry && file.sha256 === entry.sha256);
    if (twin) found.push({ level: "warn", code: "file.same_content", facts: { name: entry.name, other: twin[0].name } });
    return found;
  }

  show() {
    for (const slot of this.slots) {
      const judged = slot.files.map((entry) => ({ ...entry, findings: this.findingsOf(slot, entry) }));
      const blocked = judged.some(({ findings }) => findings.some(({ level }) => level === "block"));
      const checking = judged.some((entry) => entry.checking);
      const [state, kind, text] = !slot.files.length ? ["empty", "muted", say("slot.empty")]
        : blocked ? ["failed", "bad", say("slot.failed")]
        : checking ? ["chosen", "info", say("checking")]
        : ["chosen", "info", say("slot.chosen")];
      slot.element.className = `slot is-${state}`;
      slot.element.querySelector(".tag").replaceWith(tag(kind, text));
      slot.element.querySelector(".files").replaceChildren(
        ...judged.map((entry, at) => fileRow(entry, () => this.remove(slot, slot.files[at]))));
    }
    this.onChange();
  }

  /** What keeps the bid from being sealed: [{field, message}]; nothing when it is complete. */
  problems() {
    return this.slots.flatMap((slot) => {
      const field = slot.input.id;
      if (slot.required && !slot.files.length) return [{ field, message: say("slot.missing", { name: slot.name }) }];
      return slot.files.flatMap((entry) => {
        const block = this.findingsOf(slot, entry).find(({ level }) => level === "block");
        if (block) return [{ field, message: findingLine(block).textContent.trim() }];
        return entry.checking ? [{ field, message: say("still_checking", { name: entry.name }) }] : [];
      });
    });
  }

  /** What is sealed: envelope → [{slot, name, size, sha256, pieces, file}]. */
  envelopes() {
    const found = {};
    for (const { envelope, slot, files } of this.slots) {
      for (const { name, size, sha256, pieces, file } of files) {
        (found[envelope] ??= []).push({ slot, name, size, sha256, pieces, file });
      }
    }
    return found;
  }

  /** Every chosen file: [{envelope, slot, name, size, file, id}]. */
  list() {
    return this.slots.flatMap(({ envelope, slot, files }) => files.map(({ id, name, size, file }) => ({ id, envelope, slot, name, size, file })));
  }

  /** Put files ({envelope, slot, file}) into their places; those that have none here are given back. */
  take(files) {
    return files.filter(({ envelope, slot, file }) => {
      const place = this.slots.find((one) => one.envelope === envelope && one.slot === slot);
      if (place) this.add(place, file, true);
      return !place;
    });
  }

  get any() {
    return this.slots.some(({ files }) => files.length);
  }

  /** Whether a file was chosen here that no draft keeps. */
  get anyUnkept() {
    return this.slots.some(({ files }) => files.some(({ kept }) => !kept));
  }

  /** Nothing may be changed while a bid is being sealed and sent. */
  lock(locked) {
    for (const { element, input } of this.slots) {
      input.disabled = locked;
      for (const button of element.querySelectorAll("button")) button.disabled = locked;
    }
  }
}

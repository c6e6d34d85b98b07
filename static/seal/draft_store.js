// A bidder's draft on the bidder's own machine (IndexedDB): what was typed and the files, in the browser and nowhere else.

import { Refusal } from "./refusal.js";

const DATABASE = "sunbid-draft";

/** One transaction, on disk when this returns; `verb(stores)` gives the request whose result is the answer. */
async function within(mode, verb) {
  const database = await new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("typed", { keyPath: ["owner", "section"] });
      asked.result.createObjectStore("files", { keyPath: ["owner", "section", "envelope", "slot", "name"] });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(new Refusal("store.closed", { reason: String(asked.error) }));
  });
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(["typed", "files"], mode, { durability: "strict" });
      const asked = verb({ typed: transaction.objectStore("typed"), files: transaction.objectStore("files") });
      transaction.oncomplete = () => resolve(asked?.result);
      transaction.onabort = () => reject(new Refusal("draft.not_kept", { reason: transaction.error?.name ?? "abort" }));
    });
  } finally {
    database.close();
  }
}

export class DraftStore {
  constructor(owner, section) {
    Object.assign(this, { owner, section });
  }

  get range() {
    return IDBKeyRange.bound([this.owner, this.section], [this.owner, this.section, []]);
  }

  /** The draft as kept: {typed, savedAt, files: [{envelope, slot, name, size, file}]}, or null. */
  async open() {
    const kept = await within("readonly", ({ typed }) => typed.get([this.owner, this.section]));
    if (!kept) return null;
    const rows = await within("readonly", ({ files }) => files.getAll(this.range));
    const files = rows.map(({ envelope, slot, name, blob }) => ({ envelope, slot, name, size: blob.size, file: new File([blob], name) }));
    return { typed: kept.typed, savedAt: kept.savedAt, files };
  }

  /** Keep what was typed; the instant it was kept. */
  async keepTyped(typed) {
    const savedAt = Date.now();
    await within("readwrite", ({ typed: store }) => store.put({ owner: this.owner, section: this.section, typed, savedAt }));
    return savedAt;
  }

  /** Keep a copy of a chosen file, so that the draft is whole without the original. */
  async keepFile({ envelope, slot, name, file }) {
    const row = { owner: this.owner, section: this.section, envelope, slot, name, blob: file };
    await within("readwrite", ({ files }) => files.put(row));
  }

  async dropFile({ envelope, slot, name }) {
    await within("readwrite", ({ files }) => files.delete([this.owner, this.section, envelope, slot, name]));
  }

  /** One draft in the place of the other, all of it or nothing. */
  async replace(typed, files) {
    const [owner, section, savedAt] = [this.owner, this.section, Date.now()];
    await within("readwrite", (stores) => {
      stores.files.delete(this.range);
      for (const { envelope, slot, name, file } of files) stores.files.put({ owner, section, envelope, slot, name, blob: file });
      return stores.typed.put({ owner, section, typed, savedAt });
    });
    return savedAt;
  }

  /** Forget the draft and its files. */
  async forget() {
    await within("readwrite", (stores) => {
      stores.files.delete(this.range);
      return stores.typed.delete([this.owner, this.section]);
    });
  }
}

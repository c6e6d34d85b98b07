// What is kept on this machine between sealing and receipt: sealed files in the browser's own file system (OPFS), the
// rest in IndexedDB. No plaintext is ever among it.

import { drawBytes } from "./sealing.js";
import { hashHex, hex, utf8 } from "./notation.js";
import { Refusal } from "./refusal.js";

const DATABASE = "sunbid-seal";
const FOLDER = "sunbid-seal";

/** One transaction on one store, on disk when this returns; what the request gave. */
async function within(name, mode, verb) {
  const database = await new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("drafts", { keyPath: "handle" });
      asked.result.createObjectStore("kept", { keyPath: "digest" });
      asked.result.createObjectStore("device", { keyPath: "id" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(new Refusal("store.closed", { reason: String(asked.error) }));
  });
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(name, mode, { durability: "strict" });
      const asked = verb(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(new Refusal("store.full", { reason: String(transaction.error) }));
    });
  } finally {
    database.close();
  }
}

/** What was sealed under a handle and has no receipt yet; undefined where there is nothing. */
export const draftOf = (handle) => within("drafts", "readonly", (store) => store.get(handle));
export const keepDraft = (draft) => within("drafts", "readwrite", (store) => store.put(draft));

/** What the bidder keeps of a submitted bid: {digest, handle, private, identity, receipt}. */
export const keptOf = (digest) => within("kept", "readonly", (store) => store.get(digest));
export const keep = (record) => within("kept", "readwrite", (store) => store.put(record));

/** Forget a draft and its sealed files. */
export async function dropDraft(draft) {
  await within("drafts", "readwrite", (store) => store.delete(draft.handle));
  await (await home()).removeEntry(draft.folder, { recursive: true }).catch(() => {});
}

/** A name for this browser that it keeps: one of the machine's facts that are sealed for the trustees. */
export async function deviceName() {
  const found = await within("device", "readonly", (store) => store.get("name"));
  if (found) return found.value;
  const value = `browser-${hex(drawBytes(8))}`;
  await within("device", "readwrite", (store) => store.put({ id: "name", value }));
  return value;
}

/** A new folder for sealed files; folders of the section that no draft refers to any more are removed. */
export async function newFolder(section) {
  const prefix = `${hashHex(utf8(section)).slice(0, 16)}-`;
  const used = (await within("drafts", "readonly", (store) => store.getAll())).map((draft) => draft.folder);
  const root = await home();
  for await (const name of root.keys()) {
    if (name.startsWith(prefix) && !used.includes(name)) await root.removeEntry(name, { recursive: true });
  }
  const name = prefix + hex(drawBytes(8));
  await root.getDirectoryHandle(name, { create: true });
  return name;
}

/** A place for a sealed file: {write(bytes), close() → File}; store.full when the browser gives no more room. */
export async function bulkPlace(folder, envelope) {
  const within = await (await home()).getDirectoryHandle(folder);
  const handle = await within.getFileHandle(`${envelope}.bulk.age`, { create: true });
  const access = await handle.createSyncAccessHandle();
  let at = 0;
  const full = (error) => {
    access.close();
    throw new Refusal("store.full", { reason: error?.name ?? "short write" });
  };
  return {
    write(bytes) {
      let wrote;
      try {
        wrote = access.write(bytes, { at });
      } catch (error) {
        full(error);
      }
      if (wrote !== bytes.length) full();
      at += wrote;
    },
    close() {
      access.flush();
      access.close();
      return handle.getFile();
    },
  };
}

/** A sealed file of a draft; store.lost when the browser has thrown it away or it has another size. */
export async function bulkOf(folder, envelope, size) {
  try {
    const within = await (await home()).getDirectoryHandle(folder);
    const file = await (await within.getFileHandle(`${envelope}.bulk.age`)).getFile();
    if (file.size === size) return file;
  } catch {
    // Told below: the browser lost it.
  }
  throw new Refusal("store.lost", { envelope });
}

/** Bytes this browser would still let us write, or Infinity where it does not say. */
export async function roomLeft() {
  const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
  return quota === undefined ? Infinity : quota - usage;
}

async function home() {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

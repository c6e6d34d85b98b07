// The SHA-256 of a stream, computed in a worker of its own while the cipher works here; few blocks wait.

import { Refusal } from "./refusal.js";

const WAITING = 16 * 2 ** 20; // bytes: enough to ride out the turns of a busy processor
let workers = null;
let last = 0;
const listeners = new Map();

/** One of two workers, which share the hashing: the number is the caller's choice. */
function workerOf(number) {
  workers ??= [0, 1].map(() => {
    const worker = new Worker(new URL("hash.worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => listeners.get(data.id)?.(data));
    worker.addEventListener("error", () => {
      for (const listener of listeners.values()) listener({ failure: "Worker" });
    });
    return worker;
  });
  return workers[number % workers.length];
}

export class Digester {
  constructor(number) {
    this.worker = workerOf(number);
    this.id = last += 1;
    this.waiting = 0;
    this.failed = null;
    this.wake = () => {};
    listeners.set(this.id, (data) => {
      if (data.failure) this.failed = new Refusal("seal.worker", { reason: data.failure });
      this.waiting -= data.taken ?? 0;
      this.found = data.digest;
      this.wake();
    });
  }

  /** Append bytes, which stay the caller's; waits while too much waits. */
  async update(bytes) {
    const copy = bytes.slice();
    this.waiting += copy.length;
    this.worker.postMessage({ id: this.id, block: copy.buffer, size: copy.length }, [copy.buffer]);
    await this.until(() => this.waiting <= WAITING);
  }

  /** The digest of all that was appended; the digester has ended. */
  async digest() {
    this.worker.postMessage({ id: this.id });
    await this.until(() => this.found);
    listeners.delete(this.id);
    return this.found;
  }

  async until(holds) {
    while (!this.failed && !holds()) await new Promise((resolve) => { this.wake = resolve; });
    if (this.failed) throw this.failed;
  }
}

/** SHA-256 (bytes) of a file; `onProgress(done)` counts its bytes. seal.file_unreadable when it cannot be read. */
export function digestFile(file, number, onProgress = () => {}) {
  const id = last += 1;
  return new Promise((resolve, reject) => {
    listeners.set(id, (data) => {
      if (data.done !== undefined) return onProgress(data.done);
      listeners.delete(id);
      if (data.digest) return resolve(data.digest);
      return reject(new Refusal("seal.file_unreadable", { name: file.name, reason: data.failure }));
    });
    workerOf(number).postMessage({ id, file });
  });
}

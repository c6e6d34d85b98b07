// The SHA-256 of a stream, computed in a worker of its own while the cipher works here; few blocks wait.

import { hex } from "./notation.js";
import { Refusal } from "./refusal.js";

const WAITING = 8 * 2 ** 20; // bytes: enough to ride out the turns of a busy processor
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

  /** Append bytes, whose whole buffer is no longer the caller's; waits while too much waits. */
  async update(bytes) {
    this.waiting += bytes.length;
    this.worker.postMessage({ id: this.id, block: bytes }, [bytes.buffer]);
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

/**
 * {sha256, pieces} of a file: its hash and those of its pieces of 4 MiB, in hex; `onProgress(done)` counts bytes.
 *
 * Raises seal.file_unreadable.
 */
export function digestFile(file, number, onProgress = () => {}) {
  const id = last += 1;
  return new Promise((resolve, reject) => {
    listeners.set(id, (data) => {
      if (data.done !== undefined) return onProgress(data.done);
      listeners.delete(id);
      if (data.digest) return resolve({ sha256: hex(data.digest), pieces: data.pieces.map(hex) });
      return reject(new Refusal("seal.file_unreadable", { name: file.name, reason: data.failure }));
    });
    workerOf(number).postMessage({ id, file });
  });
}

/** The SHA-256 of a stream of known, small size: held in memory, hashed in one piece by WebCrypto. */
export class HeldDigester {
  constructor(size) {
    this.held = new Uint8Array(size);
    this.filled = 0;
  }

  async update(bytes) {
    this.held.set(bytes, this.filled);
    this.filled += bytes.length;
  }

  async digest() {
    const digest = await crypto.subtle.digest("SHA-256", this.held.subarray(0, this.filled));
    this.held = null;
    return new Uint8Array(digest);
  }
}

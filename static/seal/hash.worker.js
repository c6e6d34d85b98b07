// SHA-256 beside the cipher: each digester is one stream of blocks, fed by messages; files are hashed whole.
//
// WebCrypto is fastest but cannot be fed in pieces, so it takes what fits in memory; WebAssembly takes the rest, and
// plain JavaScript where the browser may not compile it.

import { createSHA256 } from "../vendor/hash-wasm.js";
import { sha256 } from "../vendor/noble.js";
import { BLOCK, WHOLE } from "./archive.js";

const running = new Map();

/** A hasher with `update(bytes)` and `digest()`. */
async function hasher() {
  try {
    const made = await createSHA256();
    made.init();
    return { update: (bytes) => made.update(bytes), digest: () => made.digest("binary") };
  } catch {
    return sha256.create();
  }
}

async function hashFile({ id, file }) {
  try {
    if (file.size <= WHOLE) {
      const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
      postMessage({ id, digest: new Uint8Array(digest) });
      return;
    }
    const digester = await hasher();
    for (let at = 0; at < file.size; at += BLOCK) {
      const block = new Uint8Array(await file.slice(at, at + BLOCK).arrayBuffer());
      digester.update(block);
      postMessage({ id, done: at + block.length });
    }
    postMessage({ id, digest: digester.digest() });
  } catch (error) {
    postMessage({ id, failure: error.name });
  }
}

addEventListener("message", async ({ data }) => {
  if (data.file) {
    hashFile(data);
    return;
  }
  if (!running.has(data.id)) running.set(data.id, hasher());
  // Messages of one stream pass this line in their order: all wait for the same promise.
  const digester = await running.get(data.id);
  if (data.block) {
    digester.update(new Uint8Array(data.block, 0, data.size));
    postMessage({ id: data.id, taken: data.size });
  } else {
    running.delete(data.id);
    postMessage({ id: data.id, digest: digester.digest() });
  }
});

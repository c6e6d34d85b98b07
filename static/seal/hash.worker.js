// SHA-256 beside the cipher: each digester is one stream of blocks, fed by messages; files are hashed whole.
//
// WebCrypto is fastest but cannot be fed in pieces, so it takes what fits in memory; WebAssembly takes the rest, and
// plain JavaScript where the browser may not compile it.

import { createSHA256 } from "../vendor/hash-wasm.js";
import { sha256 } from "../vendor/noble.js";
import { WHOLE } from "./archive.js";

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

/** The hash of a file, and those of its pieces of 32 MiB, by which it is known again when it is packed. */
async function hashFile({ id, file }) {
  try {
    const [pieces, digester] = [[], file.size > WHOLE ? await hasher() : null];
    for (let at = 0; at < file.size; at += WHOLE) {
      const piece = await file.slice(at, at + WHOLE).arrayBuffer();
      pieces.push(new Uint8Array(await crypto.subtle.digest("SHA-256", piece)));
      digester?.update(new Uint8Array(piece));
      postMessage({ id, done: at + piece.byteLength });
    }
    postMessage({ id, digest: digester ? digester.digest() : pieces[0], pieces });
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

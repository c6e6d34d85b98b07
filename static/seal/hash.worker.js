// SHA-256 beside the cipher: each digester is one stream of blocks, fed by messages; files are hashed whole.
//
// WebCrypto is fastest but cannot be fed in pieces, so it takes what is small; WebAssembly takes the rest (hasher.js).

import { WHOLE } from "./archive.js";
import { newHasher } from "./hasher.js";
import { piecesOf } from "./pieces.js";

const running = new Map();

/** The hash of a file, and those of its pieces of 4 MiB, by which it is known again when it is packed. */
async function hashFile({ id, file }) {
  try {
    const [pieces, digester] = [[], file.size > WHOLE ? await newHasher() : null];
    let done = 0;
    for await (const { bytes, sha256 } of piecesOf(file)) {
      pieces.push(sha256);
      digester?.update(bytes);
      done += bytes.length;
      postMessage({ id, done });
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
  if (!running.has(data.id)) running.set(data.id, newHasher());
  // Messages of one stream pass this line in their order: all wait for the same promise.
  const digester = await running.get(data.id);
  if (data.block) {
    digester.update(data.block);
    postMessage({ id: data.id, taken: data.block.length });
  } else {
    running.delete(data.id);
    postMessage({ id: data.id, digest: digester.digest() });
  }
});

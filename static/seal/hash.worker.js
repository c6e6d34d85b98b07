// SHA-256 beside the cipher: each digester is one stream of blocks, fed by messages; files are hashed whole.

import { sha256 } from "../vendor/noble.js";
import { BLOCK } from "./archive.js";

const running = new Map();

async function hashFile({ id, file }) {
  const digester = sha256.create();
  try {
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

addEventListener("message", ({ data }) => {
  if (data.file) {
    hashFile(data);
    return;
  }
  if (!running.has(data.id)) running.set(data.id, sha256.create());
  const digester = running.get(data.id);
  if (data.block) {
    digester.update(new Uint8Array(data.block, 0, data.size));
    postMessage({ id: data.id, taken: data.size });
  } else {
    running.delete(data.id);
    postMessage({ id: data.id, digest: digester.digest() });
  }
});

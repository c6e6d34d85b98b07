// SHA-256 piece by piece, for the workers that may compile WebAssembly; plain JavaScript where the browser may not.

import { createSHA256 } from "../vendor/hash-wasm.js";
import { sha256 } from "../vendor/noble.js";

/** A hasher with `update(bytes)` and `digest()`, which gives bytes. */
export async function newHasher() {
  try {
    const made = await createSHA256();
    made.init();
    return { update: (bytes) => made.update(bytes), digest: () => made.digest("binary") };
  } catch {
    return sha256.create();
  }
}

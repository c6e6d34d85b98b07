// A file on the bidder's disk, piece by piece: the next piece is read while the last one is worked on.

import { WHOLE } from "./archive.js";
import { hex } from "./notation.js";
import { need } from "./refusal.js";

/** {bytes, sha256} of each piece of `WHOLE` bytes, in order; raises what reading raises. */
export async function* piecesOf(file) {
  const read = async (at) => {
    const bytes = await file.slice(at, at + WHOLE).arrayBuffer();
    return { bytes: new Uint8Array(bytes), sha256: new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)) };
  };
  let next = read(0);
  try {
    for (let at = 0; at === 0 || at < file.size; at += WHOLE) {
      const piece = await next;
      next = at + WHOLE < file.size ? read(at + WHOLE) : null;
      yield piece;
    }
  } finally {
    next?.catch(() => {}); // who left early does not wait for it
  }
}

/** The bytes of a file, piece by piece; seal.file_changed where one is not what it was when the file was checked. */
export async function* contentOf({ file, name, size, pieces }) {
  need(file.size === size, "seal.file_changed", { name });
  const found = piecesOf(file);
  try {
    for (const expected of pieces) {
      const { value } = await found.next().catch(() => ({}));
      need(value && hex(value.sha256) === expected, "seal.file_changed", { name });
      yield value.bytes;
    }
  } finally {
    await found.return();
  }
}

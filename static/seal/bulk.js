// The sealed file of an envelope: packed, sealed, written and hashed in one pass: core/seal/bulk.py.
//
// A small archive is sealed here. A large one in a worker of its own, which may compile WebAssembly and holds no key: it
// packs, hashes the archive and seals; this side writes what comes, another worker hashes it.

import { BLOCK, archiveBlocks } from "./archive.js";
import { Digester, HeldDigester } from "./digester.js";
import { encrypt } from "./layers.js";
import { hex } from "./notation.js";
import { blocksOf } from "./opening.js";
import { contentOf } from "./pieces.js";
import { Refusal, need } from "./refusal.js";

/** Archives of up to so many bytes are not worth a worker and half a megabyte of WebAssembly. */
export const SMALL = 2 ** 22;
/** Bytes that may wait to be written. */
export const WAITING = 8 * 2 ** 20;
let worker = null;

/**
 * {archiveSha256, bulk: {sha256, size}, blob}: the archive of `plan` sealed to `recipient` stands in `place`.
 *
 * Raises seal.file_changed where a file is no longer what was checked, and what `place` raises.
 */
export async function sealBulk(plan, files, recipient, place, onProgress) {
  const small = plan.size <= SMALL;
  const sealed = small ? new HeldDigester(plan.size + 2 ** 16) : new Digester(1);
  let size = 0;
  const take = async (block) => {
    await place.write(block);
    size += block.length;
    await sealed.update(block);
  };
  const archiveSha256 = await (small ? sealHere : sealBeside)(plan, files, recipient, take, onProgress);
  const [blob, sha256] = [await place.close(), await sealed.digest()];
  need(blob.size === size, "seal.self_test", { envelope: plan.manifest.envelope });
  return { archiveSha256, bulk: { sha256: hex(sha256), size }, blob };
}

/**
 * The blocks of the sealed file, about 1 MiB each; `archive` is fed every byte of the archive, `seal(plain stream)` gives
 * the sealed stream.
 */
export async function* sealedBlocks(plan, files, seal, archive, onProgress) {
  let done = 0;
  const blocks = archiveBlocks(plan, (at) => contentOf(files[at]));
  const plain = new ReadableStream({
    async pull(controller) {
      const { value, done: ended } = await blocks.next();
      if (ended) return controller.close();
      await archive.update(value);
      done += value.length;
      onProgress(done, plan.size);
      return controller.enqueue(value);
    },
    async cancel() {
      await blocks.return();
    },
  }, { highWaterMark: 0 });
  yield* gathered(blocksOf(await seal(plain)));
  need(done === plan.size, "seal.self_test", { envelope: plan.manifest.envelope });
}

async function sealHere(plan, files, recipient, take, onProgress) {
  const archive = new HeldDigester(plan.size);
  const seal = (plain) => encrypt(recipient, plain);
  for await (const block of sealedBlocks(plan, files, seal, archive, onProgress)) await take(block);
  return archive.digest();
}

function sealBeside(plan, files, recipient, take, onProgress) {
  worker ??= new Worker(new URL("bulk.worker.js", import.meta.url), { type: "module" });
  const mine = worker;
  return new Promise((resolve, reject) => {
    const fail = (error) => {
      mine.terminate();
      worker = null;
      reject(error);
    };
    const receive = async ({ block, done, archiveSha256, refusal }) => {
      if (refusal) throw new Refusal(refusal.code, refusal.facts);
      if (archiveSha256) return resolve(archiveSha256);
      const { length } = block; // it is away once it is hashed
      await take(block);
      onProgress(done, plan.size);
      return mine.postMessage({ taken: length });
    };
    let line = Promise.resolve();
    mine.onmessage = ({ data }) => {
      line = line.then(() => receive(data));
      line.catch(fail);
    };
    mine.onerror = () => fail(new Refusal("seal.worker", { reason: "Worker" }));
    mine.postMessage({ plan, files, recipient });
  });
}

/** The same bytes in blocks of 1 MiB, each the taker's own: the cipher gives 64 KiB at a time, and each write costs. */
async function* gathered(blocks) {
  let [held, filled] = [new Uint8Array(BLOCK), 0];
  for await (const block of blocks) {
    for (let at = 0; at < block.length; ) {
      const size = Math.min(block.length - at, BLOCK - filled);
      held.set(block.subarray(at, at + size), filled);
      filled += size;
      at += size;
      if (filled === BLOCK) {
        yield held;
        [held, filled] = [new Uint8Array(BLOCK), 0];
      }
    }
  }
  if (filled) yield held.slice(0, filled);
}

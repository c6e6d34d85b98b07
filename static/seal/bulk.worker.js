// Packs and seals one large archive after another beside the page's worker; it is told the recipient and knows no key.

import { Encrypter, ready } from "../vendor/age-sodium.js";
import { WAITING, sealedBlocks } from "./bulk.js";
import { newHasher } from "./hasher.js";

let waiting = 0; // bytes that went out and were not taken
let wake = () => {};

async function run({ plan, files, recipient }) {
  await ready;
  const [archive, encrypter] = [await newHasher(), new Encrypter()];
  encrypter.addRecipient(recipient);
  let done = 0;
  const note = (bytes) => { done = bytes; };
  for await (const block of sealedBlocks(plan, files, (plain) => encrypter.encrypt(plain), archive, note)) {
    waiting += block.length;
    postMessage({ block, done }, [block.buffer]);
    while (waiting > WAITING) await new Promise((resolve) => { wake = resolve; });
  }
  postMessage({ archiveSha256: archive.digest() });
}

addEventListener("message", async ({ data }) => {
  if (data.taken) {
    waiting -= data.taken;
    wake();
    return;
  }
  try {
    await run(data);
  } catch (error) {
    postMessage({ refusal: { code: error.code ?? "seal.worker", facts: error.facts ?? { reason: error.name } } });
  }
});

// The receipt on the whole page: number, server time, fingerprints, QR, downloads; made to be printed and kept.

import { packFolder } from "./folder.js";
import { $, offer, offerBlob, tag } from "./view.js";
import { instantText, say, sizeText } from "./words.js";

/** Show a verified receipt. `record`: what this browser keeps of the bid, or null; `files`: what was sealed, or null. */
export function showReceipt({ receipt, record, files, handle, section }) {
  const secrets = record?.private ?? null;
  const put = (id, text) => { $(`receipt-${id}`).textContent = text; };
  $("receipt-title").textContent = say(`receipt.${receipt.kind}`);
  $("receipt-lead").textContent = say(`receipt.${receipt.kind}.lead`);
  put("number", receipt.leaf_index);
  put("at", instantText(receipt.received_at, true));
  put("section", receipt.section);
  put("kind", say(`kind.${receipt.kind}`));
  put("digest", receipt.submission_digest);
  put("leaf", receipt.leaf_commitment);
  put("key", receipt.platform_key);
  put("handle", handle);
  $("receipt-checked").replaceChildren(tag("ok", say("receipt.checked")));
  $("receipt-seal").textContent = say(`kind.${receipt.kind}.done`);
  const rows = Object.entries(files ?? {}).flatMap(([envelope, list]) => list.map((file) => [envelope, file]));
  $("receipt-files").hidden = !rows.length;
  $("receipt-file-rows").replaceChildren(...rows.map(([envelope, { name, size, sha256 }]) => {
    const row = $("receipt-file-row").content.firstElementChild.cloneNode(true);
    const cells = { envelope: say(`envelope.${envelope}`), name, size: sizeText(size), hash: sha256.slice(0, 16), };
    for (const [cell, text] of Object.entries(cells)) row.querySelector(`[data-cell=${cell}]`).textContent = text;
    return row;
  }));
  const named = `${section}-${receipt.leaf_index}`;
  $("receipt-download").onclick = () => offer(`receipt-${named}.json`, `${JSON.stringify(receipt, null, 1)}\n`);
  $("receipt-private").hidden = !secrets;
  $("receipt-private-note").hidden = !secrets;
  $("receipt-private").onclick = () => offer(`private-${named}.json`, `${JSON.stringify(secrets, null, 1)}\n`);
  $("receipt-all").hidden = !secrets;
  $("receipt-all").onclick = () => offerBlob(`bid-${named}.zip`, packFolder(record, location.origin));
  $("receipt-print").onclick = () => print();
  drawCode(section, handle);
  scrollTo(0, 0);
  $("receipt-title").focus();
}

/** The QR code of the page that tells what is held under the handle; the server draws it and learns nothing new. */
async function drawCode(section, handle) {
  const image = $("receipt-code");
  const path = `/sections/${encodeURIComponent(section)}/submissions/${handle}/code.svg`;
  try {
    const answer = await fetch(path, { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" });
    if (!answer.ok) throw new Error(String(answer.status));
    image.src = `data:image/svg+xml;base64,${btoa(await answer.text())}`;
    image.closest("div").hidden = false;
  } catch {
    image.closest("div").hidden = true;
  }
}

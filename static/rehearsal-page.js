// A bidder's rehearsal: this browser's key opens one's own layer of what the platform holds, and nothing is sent.
// What came out is compared with what was sealed (private.json), and so with the committed bid_recipient.

import { announce } from "./sunbid.js";
import { lintPackage } from "./seal/header.js";
import { listKeys, openKeys } from "./seal/keys.js";
import { peel } from "./seal/layers.js";
import { hashHex, unbase64 } from "./seal/notation.js";
import { Refusal, need } from "./seal/refusal.js";
import { ask, sentence, whenSent, word } from "./seal/saying.js";
import { handleOf } from "./seal/submission.js";

const page = document.getElementById("rehearsal");
const { section, handle, packages } = page?.dataset ?? {};

/** Show one line of the result: `state` is ok, warn or bad. */
function line(envelope, state, text) {
  const row = page.querySelector("template").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-name]").textContent = word(`envelope.${envelope}`);
  row.querySelector("[data-text]").textContent = text;
  for (const tag of row.querySelectorAll("[data-state]")) tag.hidden = tag.dataset.state !== state;
  page.querySelector("[data-lines]").append(row);
}

/** Whose keys here bid under that handle; rehearsal.other_handle where nobody's do. */
async function keysOf(wanted) {
  const held = await listKeys();
  need(held.length, "keys.missing");
  for (const { owner } of held) {
    const own = await openKeys(owner);
    if (handleOf(await own.handleSeed(section)) === wanted) return own;
  }
  throw new Refusal("rehearsal.other_handle");
}

async function rehearse(fields) {
  page.querySelector("[data-lines]").replaceChildren();
  const own = await keysOf(handle);
  const [file] = fields["rehearsal-private"].files;
  const secrets = file ? JSON.parse(await file.text()) : null;
  const held = await ask(packages);
  need(!secrets || secrets.submission_digest === held.digest, "rehearsal.other_submission");
  let worst = "done";
  for (const [envelope, { sealed, sha256, bid_recipient: recipient }] of Object.entries(held.envelopes)) {
    try {
      const outer = unbase64(sealed);
      need(hashHex(outer) === sha256, "rehearsal.stored_differs");
      const inner = await peel(outer, own.identity);
      lintPackage(inner);
      if (secrets?.layers) {
        need(secrets.layers[envelope] === hashHex(inner), "rehearsal.inner_differs");
        line(envelope, "ok", `${word("matches")} ${recipient.slice(0, 16)}…`);
      } else {
        line(envelope, "warn", word("opens"));
        if (worst === "done") worst = "partly";
      }
    } catch (error) {
      line(envelope, "bad", sentence(error));
      worst = "failed";
    }
  }
  announce(word(worst));
  return word(worst);
}

// Shown only now: a form sent before anybody listens would leave the page.
if (page) {
  whenSent(page.querySelector("form"), rehearse);
  page.hidden = false;
}

// Filling in one's own handle: it comes of the keys, nobody has to copy 64 digits.
const field = document.getElementById("handle");
for (const { owner, person } of await listKeys()) {
  const button = document.getElementById("own-handle").content.firstElementChild.cloneNode(true);
  button.append(` ${person}`);
  button.addEventListener("click", async () => {
    field.value = handleOf(await (await openKeys(owner)).handleSeed(document.getElementById("own-handle").dataset.section));
    field.form.submit();
  });
  field.form.querySelector(".buttons").append(button);
}

// A bidder on opening day: one click takes off one's own layers and releases them; confirming is signed by certificate.

import { announce } from "./sunbid.js";
import { lintPackage } from "./seal/header.js";
import { withPasskey } from "./seal/confirming.js";
import { openKeys } from "./seal/keys.js";
import { peel } from "./seal/layers.js";
import { base64, unbase64 } from "./seal/notation.js";
import { checkClosing, checkSecond, checkTask, readoutMessage } from "./seal/proof.js";
import { Refusal, need } from "./seal/refusal.js";
import { ask, groups, light, sentence, word } from "./seal/saying.js";
import { pin, pinned } from "./seal/sections.js";

const page = document.getElementById("my-key");
const { section, base } = page.dataset;
const SET = "bidder+tenderee";

/** Which of the five kinds of failure a code belongs to: what to do next, and who decides, stand on the page. */
function kindOf(code = "") {
  if (/^(bid\.confirmation|certificate\.|signin\.|agent\.|passkey\.)/.test(code)) return "certificate";
  if (/^(keys\.|store\.|seal\.not_for_this_key|seal\.identity_malformed)/.test(code)) return "key";
  if (/^(decrypt\.|opening\.|bid\.|release\.|peel\.client\.early)/.test(code)) return "time";
  if (/^(seal\.|peel\.refused|peel\.size)/.test(code)) return "file";
  return "platform";
}

async function ownKeys() {
  const own = await openKeys();
  need(own, "keys.missing");
  return own;
}

/** The closed set, and what of a second sitting may be taken off, once the platform has proved it to this machine. */
async function closedSet() {
  const [proof, held] = [await ask(`${base}/closing`), await pinned(section)];
  const key = held?.platform_key ?? proof.platform_key;
  const closed = checkClosing(proof, { section, key, pinned: held?.policies ?? [] });
  const sealed = checkSecond(proof, { section, key, later: held?.later ?? [] });
  await pin(section, { platform_key: proof.platform_key, policies: proof.policies, later: [...sealed.later] });
  return { closed, sealed };
}

async function decrypt(tell) {
  const own = await ownKeys();
  tell(word("proving"));
  const { closed, sealed } = await closedSet();
  await ask(`${base}/sign-in`, {});
  const { tasks } = await ask(`${base}/layers?role=bidder`);
  need(tasks.length, "release.nothing");
  const layers = {};
  for (const task of tasks) {
    checkTask(task, closed, sealed);
    need(task.set === SET && task.stage === 0 && task.role === "bidder", "peel.client.foreign");
    const content = await peel(unbase64(task.content), own.identity);
    lintPackage(content); // what is handed in is still sealed to the tenderee, or it is not handed in
    (layers[task.submission] ??= {})[task.package] = base64(content);
  }
  tell(word("releasing"));
  for (const [submission, peeled] of Object.entries(layers)) {
    await withPasskey(() => ask(`${base}/release`, { submission, layers: peeled }), ask, () => tell(word("passkey")));
  }
  return "released";
}

async function confirm(tell) {
  const own = await ownKeys();
  const { digest } = await ask(`${base}/readout`);
  tell(word("signing"));
  const signature = base64(await own.sign(readoutMessage(digest)));
  await ask(`${base}/confirm`, { signature });
  return "confirmed";
}

/** Run `verb` for a button: what happens stands beside it, a failure with its reason, next step and who decides. */
function upon(name, verb) {
  const button = page.querySelector(`[data-do=${name}]`);
  if (!button) return;
  const said = page.querySelector("[data-said]");
  button.addEventListener("click", async () => {
    button.disabled = true;
    for (const box of page.querySelectorAll("[data-failure]")) box.hidden = true;
    const tell = (text) => { said.textContent = text; };
    try {
      const text = word(await verb(tell));
      tell(text);
      announce(text);
      location.reload();
    } catch (error) {
      tell("");
      const box = page.querySelector(`[data-failure=${kindOf(error.code)}]`);
      box.querySelector("[data-reason]").textContent = sentence(error);
      box.hidden = false;
      announce(box.innerText);
      button.disabled = false;
      if (!(error instanceof Refusal)) console.warn(error);
    }
  });
}

const own = await openKeys();
light(page, own?.light ?? null);
page.querySelector("[data-print]").textContent = own ? groups(own.fingerprint) : "";
for (const part of page.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== (own ? "held" : "missing");
upon("decrypt", decrypt);
upon("confirm", confirm);

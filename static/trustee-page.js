// A trustee's key of one section in the page: made with a tested backup, rehearsed on the canary, used on opening day.
// The same checks as opening/cli/holder.py: nothing is taken off before the platform has proved the closing.

import { announce } from "./sunbid.js";
import { readKeyFile, unwrap, wrap, writeKeyFile } from "./seal/keyfile.js";
import { newIdentity, peel } from "./seal/layers.js";
import { base64, hex, unbase64 } from "./seal/notation.js";
import { checkClosing, checkContent, checkSecond, checkTask, nonceCommitment } from "./seal/proof.js";
import { Refusal, need } from "./seal/refusal.js";
import { ask, download, fileIn, light, newPassphrase, proposals, sentence, whenSent, word } from "./seal/saying.js";
import { keepSectionKey, openSectionKey, pin, pinned, testSectionKey } from "./seal/sections.js";

const page = document.getElementById("trustee-key");
const { owner, section, role, base, register, registered } = page.dataset;
const WAIT = 3000;
const backupName = `sunbid-${section}-${role}.age`;
const form = (name) => page.querySelector(`form[data-form=${name}]`);

async function show() {
  const own = await openSectionKey(owner, section);
  light(page, own?.light ?? null);
  const other = own && registered && own.recipient !== registered;
  const states = own ? ["held", own.light, ...(other ? ["other"] : [])] : ["missing"];
  for (const part of page.querySelectorAll("[data-when]")) part.hidden = !states.includes(part.dataset.when);
  const place = page.querySelector("[data-recipient]");
  if (place) place.textContent = own?.recipient ?? "";
  const again = page.querySelector("[data-again]");
  if (again) {
    again.hidden = !own?.backup;
    again.onclick = () => download(backupName, own.backup);
  }
  return own;
}

const ownKey = async () => {
  const own = await openSectionKey(owner, section);
  need(own, "keys.missing");
  need(own.light === "ok", "keys.untested");
  return own;
};

function upon(name, verb) {
  if (form(name)) whenSent(form(name), verb);
}

upon("make", async (fields, tell) => {
  const chosen = newPassphrase(fields, "make");
  const parts = { identity: await newIdentity(), secret: crypto.getRandomValues(new Uint8Array(32)), section };
  tell(word("wrapping"));
  const backup = await wrap(writeKeyFile(parts), chosen);
  await keepSectionKey(owner, section, parts, { backup });
  parts.secret.fill(0);
  download(backupName, backup);
  await show();
  return word("made");
});

upon("test", async (fields) => {
  const parts = readKeyFile(await unwrap(await fileIn(fields["test-file"]), fields["test-passphrase"].value));
  await testSectionKey(owner, section, parts);
  const own = await ownKey();
  // Only now: a key whose backup does not open must never become one that a section depends on.
  if (register) await ask(register, { recipient: own.recipient });
  location.reload();
  return word("registered");
});

upon("restore", async (fields) => {
  const parts = readKeyFile(await unwrap(await fileIn(fields["restore-file"]), fields["restore-passphrase"].value));
  need(parts.section === section, "keyfile.differs", { place: "section" });
  await keepSectionKey(owner, section, parts, { testedAt: Date.now() });
  await show();
  return word("restored");
});

upon("register", async () => {
  await ask(register, { recipient: (await ownKey()).recipient });
  location.reload();
});

upon("rehearse", async (fields, tell) => {
  const own = await ownKey();
  tell(word("opening"));
  const canary = await ask(location.pathname);
  const terms = await ask(`${base}/terms`);
  need(terms.policies.at(-1).recipients[canary.role] === own.recipient, "peel.client.proof", { place: "recipient" });
  const token = new TextDecoder().decode(await peel(unbase64(canary.canary), own.identity));
  await ask(location.pathname, { token });
  await pin(section, { platform_key: terms.platform_key, policies: terms.policies, later: terms.later });
  location.reload();
  return word("rehearsed");
});

upon("commit", async () => {
  const nonce = await (await ownKey()).nonce(`coefficients:${section}`);
  await ask(`${base}/draw/commitment`, { party: role, commitment: nonceCommitment(nonce) });
  location.reload();
});

upon("reveal", async () => {
  const nonce = await (await ownKey()).nonce(`coefficients:${section}`);
  await ask(`${base}/draw/nonce`, { party: role, nonce: hex(nonce) });
  location.reload();
});

/** Take off one layer and hand in what is left, or report that it does not open: "peeled", "reported", "refused". */
async function takeOff(task, identity) {
  let content;
  try {
    content = await peel(unbase64(task.content), identity);
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    await ask(`${base}/faults`, { ...task, content: null, code: refusal.code });
    return "reported";
  }
  checkContent(task, content, section);
  try {
    await ask(`${base}/layers`, { ...task, content: base64(content) });
  } catch (refusal) {
    if (refusal.code !== "peel.refused" && refusal.code !== "peel.done") throw refusal;
    return "refused";
  }
  return "peeled";
}

/** The proof of the closing; while outside parties have not signed under it yet, the page says so and asks again. */
async function closingProof(tell) {
  for (;;) {
    try {
      return await ask(`${base}/closing`);
    } catch (refusal) {
      if (refusal.code !== "opening.uncovered") throw refusal;
      tell(sentence(refusal));
      await new Promise((resolve) => { setTimeout(resolve, WAIT); });
    }
  }
}

upon("peel", async (fields, tell) => {
  const own = await ownKey();
  tell(word("proving"));
  const held = await pinned(section);
  need(held, "peel.client.unpinned");
  const proof = await closingProof(tell);
  const closed = checkClosing(proof, {
    section, role, recipient: own.recipient, key: held.platform_key, pinned: held.policies,
  });
  const sealed = checkSecond(proof, { section, key: held.platform_key, later: held.later ?? [] });
  const [done, finished, tried] = [{ peeled: 0, reported: 0, refused: 0 }, new Set(), new Set()];
  const bar = page.querySelector("progress");
  bar.hidden = false;
  // While the page stays open it goes on with what others hand in; each layer is tried once.
  for (;;) {
    const { tasks, state } = await ask(`${base}/layers?role=${role}`);
    const fresh = tasks.filter((task) => !tried.has(task.content));
    bar.max = Math.max(1, fresh.length);
    for (const [number, task] of fresh.entries()) {
      tried.add(task.content);
      checkTask(task, closed, sealed);
      const name = `${task.submission} ${task.package}`;
      if (finished.has(name)) continue;
      const outcome = await takeOff(task, own.identity);
      done[outcome] += 1;
      if (outcome === "peeled" && task.stage === task.set.split("+").length - 1) finished.add(name);
      bar.value = number + 1;
      tell(word("counted").replace(/\{(\w+)\}/g, (_, key) => done[key]));
    }
    const text = word(fresh.length ? "counted" : "waiting").replace(/\{(\w+)\}/g, (_, key) => done[key]);
    tell(text);
    if (fresh.length) announce(text);
    if (!["closed", "decrypt_open", "decrypt_paused", "trustee_fallback"].includes(state)) break;
    page.dataset.idle = fresh.length ? "" : "1";
    await new Promise((resolve) => { setTimeout(resolve, fresh.length ? 200 : WAIT); });
  }
  bar.hidden = true;
  return word("over").replace(/\{(\w+)\}/g, (_, key) => done[key]);
});

proposals(page);
show().catch((error) => announce(sentence(error)));

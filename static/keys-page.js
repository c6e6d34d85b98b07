// The page 我的钥匙: keys come in by .p12, backup, folder or lock; the backup is downloaded at once and must be tested.

import { announce } from "./sunbid.js";
import { agentCertificate } from "./seal/agent.js";
import { compareKeys, forgetKeys, keepKeys, markTested, openKeys } from "./seal/keys.js";
import { readFolder, readKeyFile, unwrap, wrap, writeKeyFile } from "./seal/keyfile.js";
import { Refusal } from "./seal/refusal.js";
import { ask, download, fileIn, groups, light, newPassphrase, proposals, sentence, whenSent, word } from "./seal/saying.js";

const page = document.getElementById("keys-page");
const { owner, register, examine } = page.dataset;
const form = (name) => page.querySelector(`form[data-form=${name}]`);
const day = (at) => at.toLocaleDateString("sv-SE", { timeZone: "Asia/Shanghai" });
const backupName = (own) => `sunbid-${own.person}-${own.fingerprint.slice(0, 8)}.age`;

async function show() {
  const own = await openKeys(owner);
  light(page, own?.light ?? null);
  const states = own ? ["held", own.light, ...(own.light === "not_backed_up" ? [] : ["usable"])] : ["missing"];
  for (const part of page.querySelectorAll("[data-when]")) part.hidden = !states.includes(part.dataset.when);
  if (!own) return;
  const facts = { ...own, fingerprint: groups(own.fingerprint), not_after: day(own.notAfter) };
  for (const place of page.querySelectorAll("[data-fact]")) place.textContent = facts[place.dataset.fact];
  page.querySelector("[data-agent]").hidden = !own.agent;
  const again = page.querySelector("[data-again]");
  again.hidden = !own.backup;
  again.onclick = () => download(backupName(own), own.backup);
}

/** Fresh sealing keys: what a person has once for all certificates. */
async function freshKeys() {
  const { generateX25519Identity } = await import("./vendor/age.js");
  return { identity: await generateX25519Identity(), secret: crypto.getRandomValues(new Uint8Array(32)) };
}

/** Keep the parts under a certificate the platform accepts, and hand out their backup in the same breath. */
async function settle(parts, chosen, tell) {
  const facts = await ask(register, { certificate: parts.certificate });
  tell(word("wrapping"));
  const backup = await wrap(writeKeyFile(parts), chosen);
  const own = await keepKeys(owner, parts, facts, { backup });
  parts.secret.fill(0);
  parts.key?.fill(0);
  download(backupName(own), backup);
  return done("imported");
}

async function done(message) {
  await show();
  const text = word(message);
  announce(text);
  for (const field of page.querySelectorAll("input[type=password], input.mono:not([readonly])")) field.value = "";
  page.querySelector("#key-state").scrollIntoView({ block: "start" });
  return text;
}

whenSent(form("p12"), async (fields, tell) => {
  const chosen = newPassphrase(fields, "p12");
  const { readP12 } = await import("./seal/pkcs12.js");
  const signing = await readP12(await fileIn(fields["p12-file"]), fields["p12-password"].value);
  return settle({ ...signing, ...(await freshKeys()) }, chosen, tell);
});

whenSent(form("folder"), async (fields, tell) => {
  const chosen = newPassphrase(fields, "folder");
  const files = {};
  for (const file of fields["folder-files"].files) files[file.name] = await file.text();
  const parts = readFolder(files);
  const { belongTogether } = await import("./seal/pkcs12.js");
  if (!(await belongTogether(parts.certificate, parts.key))) throw new Refusal("key.mismatch");
  return settle(parts, chosen, tell);
});

whenSent(form("agent"), async (fields, tell) => {
  const chosen = newPassphrase(fields, "agent");
  const address = fields["agent-address"].value;
  const certificate = await agentCertificate(address);
  return settle({ certificate, key: null, agent: address, ...(await freshKeys()) }, chosen, tell);
});

whenSent(form("renew"), async (fields, tell) => {
  const chosen = newPassphrase(fields, "renew");
  const old = readKeyFile(await unwrap(await fileIn(fields["renew-backup"]), fields["renew-old"].value));
  const own = await openKeys(owner);
  await compareKeys(owner, own.agent ? { ...old, key: null } : old);
  const { readP12 } = await import("./seal/pkcs12.js");
  const signing = await readP12(await fileIn(fields["renew-file"]), fields["renew-password"].value);
  return settle({ ...signing, identity: old.identity, secret: old.secret }, chosen, tell);
});

whenSent(form("test"), async (fields) => {
  const parts = readKeyFile(await unwrap(await fileIn(fields["test-file"]), fields["test-passphrase"].value));
  await compareKeys(owner, parts);
  await markTested(owner);
  return done("tested");
});

whenSent(form("restore"), async (fields) => {
  const parts = readKeyFile(await unwrap(await fileIn(fields["restore-file"]), fields["restore-passphrase"].value));
  if (parts.section) throw new Refusal("keyfile.section");
  if (!parts.certificate) throw new Refusal("keyfile.unreadable");
  // A certificate that no longer counts must not keep a person from opening what they sealed with these keys.
  const facts = await ask(examine, { certificate: parts.certificate });
  let refusal = null;
  await ask(register, { certificate: parts.certificate }).catch((error) => { refusal = error; });
  await keepKeys(owner, { ...parts, agent: parts.key ? null : form("agent").elements["agent-address"].value }, facts, {
    testedAt: Date.now(),
  });
  const text = await done("restored");
  return refusal ? word("certificate_warning").replace("{why}", sentence(refusal)) : text;
});

whenSent(form("forget"), async () => {
  await forgetKeys(owner);
  return done("forgotten");
});

proposals(page);
show().catch((error) => {
  light(page, null);
  announce(sentence(error));
});

// The check of this machine: each line is tried for real, says 通过 or 需处理 and what to do, and can be copied whole.

import { announce, serverNow } from "./sunbid.js";
import { identityKey, openKeys, within } from "./seal/keys.js";
import { decrypt, nest, newIdentity, peel, recipientOf } from "./seal/layers.js";
import { hashHex, sameBytes, utf8 } from "./seal/notation.js";
import { release } from "./seal/opening.js";
import { word } from "./seal/saying.js";

const page = document.getElementById("check-page");
const most = Number(page.dataset.most);
const draw = (size) => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65536, size)));
  return bytes;
};

/** Each check gives [state, measured?]; state: ok, warn (works, but look at it), bad, info (cannot tell). */
const checks = {
  async secure() {
    return [window.isSecureContext && crypto.subtle ? "ok" : "bad", location.origin];
  },

  async algorithms() {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    const signed = await crypto.subtle.sign(algorithm, pair.privateKey, utf8("trial"));
    const holds = await crypto.subtle.verify(algorithm, pair.publicKey, signed, utf8("trial"));
    const agreed = await recipientOf(await identityKey(await newIdentity()));
    return [holds && agreed.startsWith("age1") ? "ok" : "bad", "P-256 · X25519 · HMAC · SHA-256"];
  },

  async store() {
    const key = await crypto.subtle.importKey("raw", draw(32), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    await within("pins", "readwrite", (store) => store.put({ section: "\u0000check", key }));
    const held = await within("pins", "readonly", (store) => store.get("\u0000check"));
    await within("pins", "readwrite", (store) => store.delete("\u0000check"));
    return [held.key instanceof CryptoKey && !held.key.extractable ? "ok" : "bad", "IndexedDB"];
  },

  async workers() {
    const folder = await navigator.storage.getDirectory();
    const file = await folder.getFileHandle("sunbid-check", { create: true });
    const stream = await file.createWritable();
    await stream.write(utf8("trial"));
    await stream.close();
    const read = await (await file.getFile()).text();
    await folder.removeEntry("sunbid-check");
    const worker = new Worker(new URL("./seal/passphrase.js", import.meta.url), { type: "module" });
    const answered = await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = reject;
      worker.postMessage({ verb: "unwrap", content: new Uint8Array(8), passphrase: "" });
    });
    worker.terminate();
    return [read === "trial" && answered.data.code === "keyfile.unreadable" ? "ok" : "bad", "Worker · OPFS"];
  },

  async room() {
    const { quota, usage } = await navigator.storage.estimate();
    const free = (quota - usage) / 1e9;
    return [free >= 3 ? "ok" : "warn", `${free.toFixed(1)} GB`];
  },

  async clock() {
    let [best, offset] = [Infinity, 0];
    for (let question = 0; question < 3; question += 1) {
      const sent = performance.now();
      const answer = await fetch("/time", { cache: "no-store", headers: { Accept: "application/json" } });
      const told = Date.parse((await answer.json()).now);
      const way = performance.now() - sent;
      if (way < best) [best, offset] = [way, Date.now() - told - way / 2];
    }
    const seconds = offset / 1000;
    return [Math.abs(seconds) <= 5 ? "ok" : "warn", `${seconds > 0 ? "+" : ""}${seconds.toFixed(1)} s`];
  },

  async upload() {
    const token = document.querySelector("input[name=csrf_token]").value;
    const headers = { "X-CSRFToken": token, "Content-Type": "application/octet-stream", Accept: "application/json" };
    let rate = 0;
    for (const size of [256 * 1024, most]) {
      const began = performance.now();
      const answer = await fetch(page.dataset.upload, { method: "POST", headers, body: draw(size) });
      if (!answer.ok) return ["info", String(answer.status)];
      if ((await answer.json()).bytes !== size) return ["bad", "—"];
      rate = size / 1e6 / ((performance.now() - began) / 1000);
      if (rate < 0.2) break; // the second, larger part would take too long to learn nothing new
    }
    const minutes = Math.ceil(1000 / rate / 60);
    return [rate >= 0.5 ? "ok" : "warn", `${rate.toFixed(1)} MB/s · ${word("per_gigabyte").replace("{minutes}", minutes)}`];
  },

  async key() {
    if (!document.querySelector("meta[name=sunbid-owner]")) return ["info", word("signed_out")];
    const own = await openKeys();
    if (!own) return ["bad", word("light.missing")];
    const day = own.notAfter.toLocaleDateString("sv-SE", { timeZone: "Asia/Shanghai" });
    if (own.notAfter.getTime() <= serverNow()) return ["bad", word("over").replace("{day}", day)];
    const state = own.light === "ok" ? "ok" : own.light === "expiring" ? "warn" : "bad";
    return [state, `${word(`light.${own.light}`)} · ${word("until").replace("{day}", day)}`];
  },

  async trial() {
    const own = document.querySelector("meta[name=sunbid-owner]") ? await openKeys() : null;
    const identity = own?.identity ?? (await identityKey(await newIdentity()));
    const [secret, other] = [await newIdentity(), await newIdentity()];
    const envelope = draw(1 << 20);
    const began = performance.now();
    const [bulk] = await nest(envelope, [await recipientOf(secret)]);
    const payload = utf8(`# sunbid-salt: ${"00".repeat(32)}\n${secret}\n`);
    const [outer, inner] = await nest(payload, [await recipientOf(identity), await recipientOf(other)]);
    const peeled = await peel(outer, identity);
    const released = await release(await peel(peeled, other), await recipientOf(secret));
    const opened = await decrypt(released.secret, bulk);
    const same = sameBytes(peeled, inner) && hashHex(opened) === hashHex(envelope);
    return [same ? "ok" : "bad", `1 MB · ${((performance.now() - began) / 1000).toFixed(2)} s`];
  },
};

async function run() {
  const lines = [`Sunbid ${new Date().toISOString()} ${navigator.userAgent}`];
  let worst = "ok";
  for (const [name, check] of Object.entries(checks)) {
    const row = page.querySelector(`[data-check=${name}]`);
    let [state, measured] = ["bad", ""];
    try {
      [state, measured] = await check();
    } catch (error) {
      measured = String(error.code ?? error.name ?? error).slice(0, 60);
    }
    for (const tag of row.querySelectorAll("[data-state]")) tag.hidden = tag.dataset.state !== state;
    row.querySelector("[data-advice]").hidden = state === "ok" || state === "info";
    row.querySelector("[data-measured]").textContent = measured;
    lines.push(`${row.dataset.name}: ${row.querySelector("[data-state]:not([hidden])").innerText.trim()} ${measured}`);
    if (state === "bad" || (state === "warn" && worst === "ok")) worst = state;
  }
  for (const box of page.querySelectorAll("[data-verdict]")) box.hidden = box.dataset.verdict !== worst;
  const copy = page.querySelector("[data-copy]");
  copy.dataset.copy = lines.join("\n");
  copy.closest("[data-result]").hidden = false;
  announce(page.querySelector("[data-verdict]:not([hidden])").innerText);
}

page.querySelector("[data-again]").addEventListener("click", run);
run();

// Sentences for what keys refuse, and JSON to and from the server: shared by the pages that use keys.

import { Refusal } from "./refusal.js";

const book = JSON.parse(document.getElementById("key-words")?.textContent ?? "{}");

/** The sentence of an error: the server's own, or the page's for the code. */
export function sentence(error) {
  if (error.detail) return error.detail;
  const text = book[error.code] ?? book.unexpected ?? "";
  const facts = { code: error.code ?? error.message, ...error.facts };
  return text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "—");
}

/** A word of this page. */
export const word = (name) => book[name] ?? name;

/** Ask the server for JSON, or send it; what it answers, or its refusal with code and sentence. */
export async function ask(address, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    headers["X-CSRFToken"] = document.querySelector("input[name=csrf_token]").value;
  }
  let answer;
  try {
    answer = await fetch(address, { method: body === undefined ? "GET" : "POST", headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Refusal("server.unreachable");
  }
  const value = await answer.json().catch(() => ({}));
  if (answer.ok) return value;
  throw new Refusal(value.code ?? "server.answer", value.facts ?? {}, value.detail ?? "");
}

/** Give the person a file to keep. */
export function download(name, bytes) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The bytes of the one file chosen in an input; a refusal where none is. */
export async function fileIn(input) {
  const [file] = input.files;
  if (!file) throw new Refusal("file.missing");
  if (file.size > 1 << 20) throw new Refusal("file.large");
  return new Uint8Array(await file.arrayBuffer());
}

/** A fingerprint people can compare: groups of four, the first 24 digits. */
export const groups = (hex) => hex.slice(0, 24).replace(/.{4}(?=.)/g, "$& ");

/** Show one light of the lamps in `root`; `states` are those of keys.js, null for none. */
export function light(root, state) {
  for (const lamp of root.querySelectorAll("[data-light]")) lamp.hidden = lamp.dataset.light !== (state ?? "missing");
}

/** Run what a form asks for, once at a time; what went wrong stands beside its button and is said. */
export function whenSent(form, verb) {
  const said = form.querySelector("[data-said]");
  const button = form.querySelector("button[type=submit]");
  const tell = (kind, text) => {
    said.className = kind === "bad" ? "field-error" : "hint";
    said.textContent = text;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    tell("info", word("working"));
    try {
      tell("info", (await verb(form.elements, (text) => tell("info", text))) ?? "");
    } catch (error) {
      tell("bad", sentence(error));
      if (!error.code) console.warn(error);
    } finally {
      button.disabled = false;
      form.removeAttribute("aria-busy");
    }
  });
}

/** The new passphrase of a form, typed twice alike and long enough. */
export function newPassphrase(fields, name) {
  const [typed, repeated] = [fields[`${name}-passphrase`].value, fields[`${name}-repeat`].value];
  if (typed !== repeated) throw new Refusal("keyfile.repeat");
  if ([...typed].length < 12) throw new Refusal("keyfile.passphrase");
  return typed;
}

/** Let the buttons in `root` propose a passphrase. */
export function proposals(root) {
  for (const button of root.querySelectorAll("[data-propose]")) {
    button.addEventListener("click", async () => {
      const { proposePassphrase } = await import("./keyfile.js");
      const proposed = proposePassphrase();
      for (const part of ["passphrase", "repeat"]) button.form.elements[`${button.dataset.propose}-${part}`].value = proposed;
    });
  }
}

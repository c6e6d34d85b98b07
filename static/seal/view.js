// Small pieces of the page, cloned from the templates the server wrote with its own macros: no markup is made here.

import { explain, instantText, say, sizeText } from "./words.js";

export const $ = (id) => document.getElementById(id);

/** A copy of the element inside <template id="…">. */
export function copy(id) {
  return $(id).content.firstElementChild.cloneNode(true);
}

/** A status tag with icon, word and colour. */
export function tag(kind, text) {
  const made = copy(`tag-${kind}`);
  made.lastChild.textContent = text;
  return made;
}

/** Show the steps [{label, state}] in a list element: done, current, failed or next. */
export function showSteps(list, steps) {
  list.replaceChildren(...steps.map(({ label, state }) => {
    const made = copy(`step-${state}`);
    made.querySelector(".step-label").textContent = label;
    return made;
  }));
}

/** One finding or refusal as a line with an icon: what, and what to do. */
export function findingLine({ level, code, facts }) {
  const made = copy(level === "block" ? "finding-block" : "finding-warn");
  const { reason, next } = explain({ code, facts });
  made.querySelector("[data-said]").textContent = `${reason} ${next}`;
  return made;
}

/** Show a box with reason and next step for a refusal in its place; `actions`: [{label, act, primary}]. */
export function showRefusal(place, refusal, actions = []) {
  const { reason, next } = explain(refusal);
  const box = copy("refusal-box");
  box.querySelector("[data-reason]").textContent = reason;
  box.querySelector("[data-next]").textContent = next;
  box.querySelector("[data-code]").textContent = refusal.code;
  box.querySelector(".buttons").replaceChildren(...actions.map(({ label, act, primary }) => {
    const button = copy(primary ? "button-primary" : "button-plain");
    button.textContent = label;
    button.addEventListener("click", act);
    return button;
  }));
  place.replaceChildren(box);
  box.focus();
}

/** A row of one's own submissions. `rows` are what the platform holds, oldest first. */
export function historyRow(row, rows, onShow) {
  const made = copy("history-row");
  const put = (name, value) => { made.querySelector(`[data-cell=${name}]`).textContent = value; };
  put("sequence", row.sequence);
  put("kind", say(`kind.${row.kind}`));
  put("at", instantText(row.received_at));
  put("number", row.leaf_index);
  put("digest", row.digest.slice(0, 12));
  const next = rows.find((other) => other.previous === row.digest);
  const [kind, text] = !next && row.kind !== "withdraw" ? ["ok", say("standing")]
    : row.kind === "withdraw" ? ["muted", say("is_withdrawal")]
    : next.kind === "withdraw" ? ["muted", say("was_withdrawn", { at: instantText(next.received_at) })]
    : ["muted", say("was_replaced", { at: instantText(next.received_at) })];
  made.querySelector("[data-cell=state]").replaceChildren(tag(kind, text));
  made.querySelector("button").addEventListener("click", onShow);
  return made;
}

/** What is wrong with a control, below it and told with it; null when nothing is any more. */
export function fault(control, text) {
  const id = `${control.id}-fault`;
  $(id)?.remove();
  const others = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  if (text) {
    const line = copy("finding-block");
    line.id = id;
    line.querySelector("[data-said]").textContent = text;
    control.closest(".field").append(line);
    control.setAttribute("aria-invalid", "true");
    others.push(id);
  } else control.removeAttribute("aria-invalid");
  if (others.length) control.setAttribute("aria-describedby", others.join(" "));
  else control.removeAttribute("aria-describedby");
  control.closest(".field").classList.toggle("has-error", Boolean(text));
}

/** Offer `content` (text) for download under a name. */
export const offer = (name, content) => offerBlob(name, new Blob([content], { type: "application/json" }));

/** Offer a Blob for download under a name. */
export function offerBlob(name, blob) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A file in a slot: name, size, hash or findings, and a button that takes it out. */
export function fileRow(entry, onRemove) {
  const made = copy("file-row");
  made.querySelector("[data-name]").textContent = entry.name;
  made.querySelector("[data-size]").textContent = sizeText(entry.size);
  const hash = made.querySelector("[data-hash]");
  hash.textContent = entry.sha256 ? `SHA-256 ${entry.sha256.slice(0, 12)}…` : entry.checking ? say("checking") : "";
  if (entry.sha256) hash.title = entry.sha256;
  made.querySelector("[data-findings]").replaceChildren(...entry.findings.map(findingLine));
  const button = made.querySelector("button");
  if (onRemove) {
    button.setAttribute("aria-label", say("remove", { name: entry.name }));
    button.addEventListener("click", onRemove);
  } else button.remove();
  return made;
}

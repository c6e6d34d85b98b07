// The page on which a bidder seals and submits: it shows and asks; the worker does.

import { announce, serverNow } from "../sunbid.js";
import { answerByPasskey } from "./confirming.js";
import { sealedConsortium } from "./consortium.js";
import { ConsortiumEditor } from "./consortium_editor.js";
import { DraftStore } from "./draft_store.js";
import { Enclosing } from "./enclosing.js";
import { Form } from "./form.js";
import { Pace } from "./pace.js";
import { Progress } from "./progress.js";
import { showReceipt } from "./receipt_view.js";
import { Slots } from "./slots.js";
import { $, historyRow, showRefusal, tag } from "./view.js";
import { explain, instantText, say, sizeText } from "./words.js";

const root = $("seal");
const { section, owner, language } = root.dataset;
const VIEWS = ["loading", "blocked", "keys-missing", "draft", "standing", "work", "progress", "receipt"];
const page = { deadline: Date.parse(root.dataset.until), keys: null, handle: "", held: [], draft: null, busy: false, done: false, worker: null, slots: null, form: null, enclosing: null, consortium: null };
const calls = new Map();
let last = 0;

/** Ask the worker; what it refuses comes as {code, facts, detail}. */
function ask(call, given = {}) {
  return new Promise((resolve, reject) => {
    const id = last += 1;
    calls.set(id, { resolve, reject });
    page.worker.postMessage({ id, call, given });
  });
}

function listen({ data }) {
  if (data.event === "passkey") return askPasskey(data.options);
  if (data.event) return page.progress.take(data);
  const { resolve, reject } = calls.get(data.id);
  calls.delete(data.id);
  return data.refusal ? reject(data.refusal) : resolve(data.value);
}

/** Ask for the passkey by a button: browsers want the person's own press, and a slip is no end. */
function askPasskey(options) {
  const box = $("passkey");
  box.hidden = false;
  $("passkey-said").textContent = "";
  const done = (given) => {
    box.hidden = true;
    ask("passkey", given);
  };
  $("passkey-go").onclick = async () => {
    try {
      done({ credential: await answerByPasskey(options) });
    } catch (refusal) {
      $("passkey-said").textContent = explain(refusal).reason;
    }
  };
  $("passkey-stop").onclick = () => done({ refusal: { code: "passkey.cancelled", facts: {} } });
  announce(box.querySelector("h3").textContent);
  $("passkey-go").focus();
}

function show(...names) {
  for (const name of VIEWS) $(`view-${name}`).hidden = !names.includes(name);
}

const remaining = () => (page.deadline - serverNow()) / 1000;

/** Why this browser cannot seal, or "". */
function unfit() {
  if (!window.isSecureContext) return "insecure";
  const able = window.crypto?.subtle && navigator.storage?.getDirectory && navigator.locks && window.Worker;
  return able ? "" : "browser";
}

/** Wait until no other tab works on this section; resolves with the lock held for as long as the page lives. */
function alone() {
  const name = `sunbid-seal:${section}`;
  return new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock) {
        resolve();
        return new Promise(() => {});
      }
      show("blocked");
      showRefusal($("view-blocked"), { code: "page.other_tab" });
      navigator.locks.request(name, () => location.reload());
      return null;
    });
  });
}

async function start() {
  root.hidden = false;
  const reason = unfit();
  if (reason) {
    show("blocked");
    $("command").hidden = false;
    showRefusal($("view-blocked"), { code: `page.${reason}`, facts: { origin: location.origin } });
    return;
  }
  await alone();
  page.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  page.worker.addEventListener("message", listen);
  page.worker.addEventListener("error", () => fail({ code: "page.failed", facts: { reason: "worker" } }));
  page.progress = new Progress($("view-progress"), { remaining, pace: new Pace(), bar: $("pace") });
  page.slots = new Slots(root, (id, file, { anonymous }) => ask("check", { id, file, anonymous }), () => page.enclosing?.changed());
  page.enclosing = new Enclosing(JSON.parse($("preparation").textContent), {
    files: () => page.slots.list(), price: () => $("price").value, check: (file) => ask("check", { id: 0, file }),
  });
  const prepared = await new DraftStore(owner, section).open().catch(() => null);
  page.form = new Form($("schedule"), { owner, section }, prepared);
  page.consortium = new ConsortiumEditor(page.enclosing.preparation, keepConsortium);
  page.consortium.show(consortiumKept(prepared));
  if (prepared) takeDraft(prepared);
  bind();
  page.enclosing.look();
  await refresh();
}

/** The draft's files come in their places, its links with them; what is changed here stays on this page. */
function takeDraft({ typed, savedAt, files }) {
  page.enclosing.links = typed.links ?? [];
  const left = page.slots.take(files);
  $("from-draft").hidden = false;
  $("from-draft-text").textContent = say("from_draft", { at: instantText(new Date(savedAt).toISOString()), n: files.length - left.length });
}

const CONSORTIUM = `sunbid-consortium:${owner}:${section}`;
const keepConsortium = (typed) => sessionStorage.setItem(CONSORTIUM, JSON.stringify({ at: Date.now(), typed }));

/** The consortium as typed last: here, or in the draft where that was kept later. */
function consortiumKept(prepared) {
  const kept = JSON.parse(sessionStorage.getItem(CONSORTIUM) ?? "{}");
  return prepared && !(kept.at > prepared.savedAt) ? prepared.typed.consortium : kept.typed;
}

/** Ask anew who is here and what is held, and show what there is to do. */
async function refresh() {
  show("loading");
  try {
    const { until, ...found } = await ask("begin", { section, owner, language });
    Object.assign(page, found);
    if (until) moveDeadline(until);
  } catch (refusal) {
    show("blocked");
    showRefusal($("view-blocked"), refusal, [{ label: say("again"), act: refresh, primary: true }]);
    return;
  }
  showKeys();
  showHistory();
  if (!page.keys) return show("keys-missing");
  const operator = $("operator");
  if (!operator.value) operator.value = page.keys.person ?? "";
  if (page.draft) showDraft();
  else showWork();
  if (remaining() <= 0) late();
}

/** A correction of the tender may have moved the deadline while the page stood open. */
function moveDeadline(until) {
  if (Date.parse(until) === page.deadline) return;
  page.deadline = Date.parse(until);
  for (const timer of root.querySelectorAll("[data-deadline]")) timer.dataset.deadline = until;
  const shown = root.querySelector("#bar-none-text time");
  if (shown) Object.assign(shown, { dateTime: until, textContent: instantText(until) });
}

function showKeys() {
  const { keys } = page;
  $("keys").hidden = !keys;
  if (!keys) return;
  $("keys-name").textContent = keys.name;
  $("keys-uscc").textContent = keys.uscc;
  $("keys-until").textContent = instantText(keys.notAfter.toISOString()).slice(0, 10);
  const early = keys.notAfter.getTime() <= page.deadline;
  const [kind, text] = early ? ["bad", say("light.too_short")]
    : { ok: ["ok", say("light.ok")], expiring: ["warn", say("light.expiring")] }[keys.light] ?? ["warn", say("light.not_backed_up")];
  $("keys-light").replaceChildren(tag(kind, text));
  $("keys-backup").hidden = keys.light !== "not_backed_up";
}

function standing() {
  const newest = page.held.at(-1);
  return newest && newest.kind !== "withdraw" ? newest : null;
}

function showHistory() {
  $("history").hidden = !page.held.length;
  $("history-rows").replaceChildren(...page.held.map((row) => historyRow(row, page.held, () => recall(row))));
}

/** The bar at the top: not submitted, in red words, until there is a receipt. */
function showBar() {
  const held = standing();
  $("bar-none").hidden = Boolean(held) && !page.replacing;
  $("bar-held").hidden = !held;
  if (held) $("bar-held-text").textContent = say("bar.held", { sequence: held.sequence, number: held.leaf_index, at: instantText(held.received_at) });
}

function showWork() {
  const held = standing();
  showBar();
  $("go-label").textContent = say(held ? "go.replace" : "go.submit");
  $("work-title").textContent = say(held ? "work.replace" : "work.submit");
  $("standing-text").textContent = held ? say("standing.text", { sequence: held.sequence, at: instantText(held.received_at) }) : "";
  $("replace").hidden = !held;
  if (held && !page.replacing) show("standing");
  else show("work", ...(held ? ["standing"] : []));
}

function showDraft() {
  const { draft } = page;
  showBar();
  show("draft");
  $("draft-text").textContent = say(draft.kind === "withdraw" ? "draft.withdrawal" : "draft.text", { at: instantText(draft.sealedAt) });
  const files = Object.entries(draft.files ?? {}).flatMap(([envelope, list]) =>
    list.map(({ name, size, sha256 }) => `${say(`envelope.${envelope}`)} · ${name} · ${sizeText(size)} · ${sha256.slice(0, 12)}`));
  $("draft-files").replaceChildren(...files.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

/** Everything that is missing or wrong, as the error summary shows it. */
function problems() {
  const early = page.keys.notAfter.getTime() <= page.deadline;
  return [
    ...(early ? [{ field: "keys", message: say("light.too_short") }] : []),
    ...page.form.read().problems, ...page.slots.problems(), ...page.enclosing.problems(),
    ...page.consortium.problems(page.slots.list(), page.keys.uscc),
  ];
}

function showProblems(found) {
  const summary = $("problems");
  summary.hidden = !found.length;
  if (!found.length) return;
  summary.querySelector("h2").textContent = say("problems", { n: found.length });
  summary.querySelector("ul").replaceChildren(...found.map(({ field, message }) => {
    const [line, link] = [document.createElement("li"), document.createElement("a")];
    link.href = `#${field}`;
    link.textContent = message;
    line.append(link);
    return line;
  }));
  summary.focus();
}

/** 加密并递交: check, seal, upload, compare, commit, in one go. */
async function go() {
  await page.enclosing.renew();
  await page.enclosing.look();
  const found = problems();
  showProblems(found);
  page.form.mark(found);
  page.consortium.mark(found);
  if (found.length) return;
  // The sealed files should outlive a shortage of room: browsers keep what a person works with if they are asked.
  navigator.storage.persist?.();
  const { schedule, facts } = await page.form.made(page.keys);
  facts.consortium = sealedConsortium(page.consortium.typed, page.keys);
  await run(async () => {
    const files = await page.enclosing.enclosed({ ...page.slots.envelopes(), schedule: [schedule] });
    page.draft = await ask("seal", { files, facts });
  }, [...root.dataset.envelopes.split(" ")]);
}

async function withdraw() {
  const { facts } = await page.form.made(page.keys).catch(() => ({ facts: null }));
  const { name, uscc, person } = page.keys;
  const plain = { bidder: { name, uscc, contact: "", phone: "" }, operator: person || name, bond: null };
  await run(async () => {
    page.draft = await ask("seal", { files: null, facts: { ...(facts ?? plain), consortium: null } });
  }, []);
}

/** Seal (where there is something to seal) and send; everything that can go wrong comes out with a way on. */
async function run(sealing, envelopes) {
  page.busy = true;
  lock(true);
  show("progress");
  $("failure").replaceChildren();
  page.progress.begin(envelopes);
  $("view-progress").querySelector("h2").focus();
  try {
    if (sealing) await sealing();
    page.progress.sealedAll();
    const done = await ask("send");
    page.progress.end();
    succeed(done);
  } catch (refusal) {
    fail(refusal);
  } finally {
    page.busy = false;
    lock(false);
  }
}

function lock(locked) {
  page.slots.lock(locked);
  page.form.lock(locked);
  page.consortium.lock(locked);
}

function succeed({ record, files }) {
  const { receipt } = record;
  Object.assign(page, { done: true, draft: null, replacing: false });
  page.form.forget();
  sessionStorage.removeItem(CONSORTIUM);
  document.title = say(`title.${receipt.kind}`, { section });
  announce(say(`said.${receipt.kind}`, { number: receipt.leaf_index }));
  $("bars").hidden = true;
  $("head-cards").hidden = true;
  $("history").hidden = true;
  show("receipt");
  showReceipt({ receipt, record, files, handle: page.handle, section });
}

/** What went wrong, why, and what to do now. */
function fail(refusal) {
  page.progress.stop();
  announce(explain(refusal).reason);
  const again = { label: say("again"), act: () => run(null, Object.keys(page.draft?.files ?? {})), primary: true };
  const back = { label: say("back"), act: reload };
  const reseal = { label: say("reseal"), act: () => (page.slots.any ? go() : reload()), primary: true };
  const actions = {
    "bid.late": [back], "policy.changed": [reseal, back], "bid.old_policy": [reseal, back], "bid.succession": [back],
    "store.lost": [reseal, back], "seal.file_changed": [back], "seal.file_unreadable": [back],
  }[refusal.code] ?? (page.draft ? [again, back] : [back]);
  showRefusal($("failure"), refusal, actions);
  if (refusal.code === "bid.late") late();
}

async function reload() {
  await refresh();
}

/** After the deadline nothing can be sent; what was chosen stays readable. */
function late() {
  $("bar-none-text").textContent = say(page.draft ? "late.sealed" : "late.nothing");
  for (const id of ["go", "replace", "draft-send"]) $(id).disabled = true;
  $("withdraw").hidden = true;
  lock(true);
}

/** Show the receipt of an earlier submission again. */
async function recall(row) {
  const record = await ask("kept", { digest: row.digest });
  const { receipt } = row;
  show("receipt");
  $("history").hidden = true;
  showReceipt({ receipt, record, files: null, handle: page.handle, section });
}

function bind() {
  $("price").addEventListener("input", () => page.enclosing.changed());
  $("go").addEventListener("click", go);
  $("replace").addEventListener("click", () => {
    page.replacing = true;
    showWork();
    $("work-title").focus();
  });
  $("draft-send").addEventListener("click", () => run(null, Object.keys(page.draft.files ?? {})));
  $("draft-discard").addEventListener("click", async () => {
    await ask("discard");
    await refresh();
  });
  $("withdraw").addEventListener("submit", (event) => {
    event.preventDefault();
    withdraw();
  });
  $("receipt-back").addEventListener("click", () => {
    Object.assign(page, { done: false });
    $("bars").hidden = false;
    $("head-cards").hidden = false;
    document.title = page.title;
    refresh();
  });
  page.title = document.title;
  addEventListener("beforeunload", (event) => {
    if (page.busy || (!page.done && (page.draft || page.slots.anyUnkept))) event.preventDefault();
  });
  document.addEventListener("sunbid:deadline", () => {
    if (!page.busy && !page.done) refresh();
  });
}

start();

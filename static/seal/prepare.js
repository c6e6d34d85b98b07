// The page on which a bidder prepares a bid: files, price, links, tasks. All of it stays in this browser until it is sealed.

import { announce, serverNow } from "../sunbid.js";
import { inspect } from "./checks.js";
import { below, completeness, isComplete } from "./completeness.js";
import { ConsortiumEditor, controlOf } from "./consortium_editor.js";
import { FIELDS, blank, factsOf, priceOf, typedAt } from "./draft.js";
import { DraftStore } from "./draft_store.js";
import { packDraft, unpackDraft } from "./draft_zip.js";
import { Enclosing } from "./enclosing.js";
import { LinkEditor } from "./link_editor.js";
import { Slots } from "./slots.js";
import { sentenceOf } from "./sentences.js";
import { showTasks } from "./task_view.js";
import { $, offerBlob, showRefusal } from "./view.js";
import { explain, instantText, say } from "./words.js";

const root = $("prepare");
const { section, owner } = root.dataset;
const SAVING = 400; // milliseconds after the last key
const preparation = JSON.parse($("preparation").textContent);
const page = { store: new DraftStore(owner, section), typed: blank(section), kept: new Map(), turn: Promise.resolve(), timer: 0, isLate: false, isLoading: true };
const controls = () => [...$("draft").elements].filter(({ name }) => Object.hasOwn(FIELDS, name));

/** Wait until no other tab prepares this bid; the lock is held for as long as the page lives. */
function alone() {
  const name = `sunbid-draft:${owner}:${section}`;
  return new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock) {
        resolve();
        return new Promise(() => {});
      }
      showRefusal($("blocked"), { code: "page.other_tab" });
      navigator.locks.request(name, () => location.reload());
      return null;
    });
  });
}

async function start() {
  root.hidden = false;
  if (!navigator.locks || !window.indexedDB) return showRefusal($("blocked"), { code: "page.browser" });
  await alone();
  page.slots = new Slots(root, async (_, file, { anonymous }) => ({ findings: await inspect(file, anonymous ? [] : null).catch(() => []), sha256: null, pieces: [] }), filesChanged);
  page.enclosing = new Enclosing(preparation, { files, price: () => $("price").value, looked: render });
  page.editors = [...root.querySelectorAll("[data-links]")].map((element) => new LinkEditor(element, preparation, {
    files, links: () => page.typed.links,
    change: (links) => {
      page.typed.links = links;
      changed();
    },
  }));
  page.consortium = new ConsortiumEditor(preparation, (typed) => {
    page.typed.consortium = typed;
    changed();
  });
  try {
    take(await page.store.open());
  } catch (refusal) {
    return showRefusal($("blocked"), refusal);
  }
  $("desk").hidden = false;
  bind();
  page.enclosing.look();
  if (serverNow() >= Date.parse(root.dataset.until)) late();
}

const files = () => page.slots.list();

/** Show a draft as it was kept, or an empty one. */
function take(draft) {
  page.isLoading = true;
  page.typed = draft?.typed ?? blank(section);
  for (const control of controls()) {
    const value = typedAt(page.typed, control.name);
    if (control.type === "checkbox") control.checked = value === true;
    else control.value = typeof value === "string" ? value : "";
    control.dispatchEvent(new Event("input")); // the amounts in capitals
  }
  page.consortium.show(page.typed.consortium);
  page.slots.clear();
  const left = page.slots.take(draft?.files ?? []);
  page.kept = new Map(files().map((file) => [file.id, file]));
  page.isLoading = false;
  tellSaved(draft?.savedAt ?? null);
  return left;
}

function filesChanged() {
  if (page.isLoading) return;
  const [now, before] = [files(), page.kept];
  page.kept = new Map(now.map((file) => [file.id, file]));
  const isThere = (gone) => now.some(({ envelope, slot, name }) => envelope === gone.envelope && slot === gone.slot && name === gone.name);
  const added = now.filter(({ id }) => !before.has(id));
  const gone = [...before.values()].filter((file) => !page.kept.has(file.id) && !isThere(file));
  if (added.length || gone.length) {
    keep(async () => {
      for (const file of gone) await page.store.dropFile(file);
      for (const file of added) await page.store.keepFile(file);
    });
    changed();
  }
  render();
}

/** Something was typed or linked: keep it, and look anew at what it comes to. */
function changed() {
  clearTimeout(page.timer);
  page.timer = setTimeout(save, SAVING);
  $("saved").textContent = say("draft.saving");
  page.enclosing.changed();
  render();
}

/** One write at a time, in order; what cannot be kept is said at once. */
function keep(write) {
  page.turn = page.turn.then(async () => {
    try {
      await write();
      $("failure").replaceChildren();
    } catch (refusal) {
      showRefusal($("failure"), refusal.code ? refusal : { code: "draft.not_kept", facts: { reason: String(refusal) } });
    }
  });
  return page.turn;
}

function save() {
  clearTimeout(page.timer);
  return keep(async () => tellSaved(await page.store.keepTyped(page.typed)));
}

function tellSaved(at) {
  $("saved").textContent = at ? say("draft.saved", { at: instantText(new Date(at).toISOString()) }) : say("draft.empty");
}

/** The tasks, the price against the control price, the links: all from the draft as it stands. */
function render() {
  if (page.isLoading) return;
  const found = completeness(preparation, factsOf(page.typed, files(), page.enclosing.bill.facts));
  showTasks(found);
  const lacks = found.flatMap((task) => task.lacks).filter(({ level, code }) => level === "fix" || code === "draft.uscc_check");
  page.consortium.mark(lacks.map((lack) => ({ field: controlOf(lack.field), reason: sentenceOf(lack) })));
  const done = found.filter(({ state }) => state === "done").length;
  $("tasks-said").textContent = say(isComplete(found) ? "tasks.complete" : "tasks.open", { done, all: found.length });
  $("go-state").textContent = isComplete(found) ? say("go.complete") : say("go.open", { n: found.length - done });
  const [price, control] = [priceOf($("price").value), preparation.control_price_fen];
  $("price-below").textContent = price && control && price <= control ? say("price.below", { percent: below(price, control) }) : "";
  for (const editor of page.editors) editor.show();
  if (page.isLate) lock();
}

function bind() {
  $("draft").addEventListener("input", ({ target }) => {
    if (!Object.hasOwn(FIELDS, target.name)) return;
    const [group, field] = FIELDS[target.name].split(".");
    page.typed[group] = { ...page.typed[group], [field]: target.type === "checkbox" ? target.checked : target.value };
    changed();
  });
  $("draft").addEventListener("submit", (event) => event.preventDefault());
  $("go").addEventListener("click", async (event) => {
    event.preventDefault();
    if (!page.isLate) await save();
    location.assign($("go").href);
  });
  $("export").addEventListener("click", exportDraft);
  $("import").addEventListener("submit", importDraft);
  $("forget").addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(page.timer);
    await keep(() => page.store.forget());
    take(null);
    event.target.reset();
    page.enclosing.look();
    announce(say("draft.forgotten"));
    $("tasks-title").focus();
  });
  document.addEventListener("sunbid:deadline", late);
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && !page.isLate && page.timer && save());
}

async function exportDraft() {
  try {
    offerBlob(`${section}-draft.zip`, await packDraft(page.typed, files()));
    announce(say("draft.exported"));
  } catch (refusal) {
    showRefusal($("failure"), refusal);
  }
}

async function importDraft(event) {
  event.preventDefault();
  const [file] = $("import-file").files;
  $("import-said").textContent = file ? say("draft.importing") : say("draft.choose");
  if (!file) return $("import-file").focus();
  try {
    const { typed, files: found } = await unpackDraft(file, section);
    await page.turn;
    await page.store.replace(typed, found);
    const left = take(await page.store.open());
    for (const one of left) await page.store.dropFile(one);
    const text = left.length ? say("draft.left", { names: left.map(({ name }) => name).join("、") }) : say("draft.imported", { n: found.length });
    $("import-said").textContent = text;
    event.target.reset();
    page.enclosing.look();
  } catch (refusal) {
    const { reason, next } = explain(refusal.code ? refusal : { code: "page.failed", facts: { reason: String(refusal) } });
    $("import-said").textContent = `${reason} ${next}`;
    $("import-file").focus();
  }
  return announce($("import-said").textContent);
}

/** After the deadline the draft can be read and taken along, and nothing of it changed. */
function late() {
  page.isLate = true;
  $("late").hidden = false;
  $("bar").hidden = true;
  lock();
}

function lock() {
  page.slots.lock(true);
  for (const control of controls()) control.disabled = true;
  for (const editor of page.editors) editor.lock(true);
  page.consortium.lock(true);
  for (const control of $("import").elements) control.disabled = true;
  $("go-card").hidden = true;
}

start();

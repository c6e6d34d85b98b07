// The editor of clause-to-page links: which file and pages answer which clause, so that experts open it at the place.

import { broken, clausesOf } from "./completeness.js";
import { placeText } from "./links.js";
import { sentenceOf } from "./sentences.js";
import { copy, findingLine } from "./view.js";
import { say } from "./words.js";

export class LinkEditor {
  /** `root` bears data-links, the group; `files()` the draft's files, `links()` its links; `change(links)` takes new ones. */
  constructor(root, preparation, { files, links, change }) {
    Object.assign(this, { root, preparation, files, links, change, group: root.dataset.links });
    this.clauses = clausesOf(preparation, this.group);
    root.hidden = !this.clauses.size;
    this.form = root.querySelector("form");
    this.said = root.querySelector("[data-said-link]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.add();
    });
    const select = this.part("clause");
    select.replaceChildren(...[...this.clauses].map(([code, name]) => new Option(`${code} ${name}`, code)));
  }

  part(name) {
    return this.form.elements[`link-${this.group}-${name}`];
  }

  add() {
    const [envelope, slot, file] = this.part("file").value.split("/");
    const from = pageOf(this.part("from").value);
    const to = pageOf(this.part("to").value) ?? from;
    const link = { clause: this.part("clause").value, envelope, slot, file, from, to, place: placeText(this.part("place").value) };
    const wrong = file ? broken(link, this.files()) : { code: "links.none" };
    this.said.hidden = !wrong;
    if (wrong) {
      const text = wrong.code === "links.none" ? say("links.none") : sentenceOf(wrong);
      const line = copy("finding-block");
      line.querySelector("[data-said]").textContent = text;
      this.said.replaceChildren(line);
      this.part(wrong.code === "links.none" ? "file" : "from").focus();
      return;
    }
    for (const name of ["from", "to", "place"]) this.part(name).value = "";
    this.change([...this.links().filter((other) => !same(other, link)), link]);
    const next = [...this.clauses.keys()].find((code) => this.links().every(({ clause }) => clause !== code));
    if (next) this.part("clause").value = next;
    this.part("clause").focus();
  }

  /** Show every clause with its links, and the files there are to choose from. */
  show() {
    // The group's own files first: what answers a technical clause is mostly the technical bid.
    const files = [...this.files()].sort((one, other) => (other.envelope === this.group) - (one.envelope === this.group));
    const chosen = this.part("file").value;
    const options = files.map(({ envelope, slot, name }) => new Option(`${say(`envelope.${envelope}`)} · ${name}`, `${envelope}/${slot}/${name}`));
    this.part("file").replaceChildren(...(options.length ? options : [new Option(say("links.no_files"), "")]));
    if (options.some(({ value }) => value === chosen)) this.part("file").value = chosen;
    this.root.querySelector("ul").replaceChildren(...[...this.clauses].map(([code, name]) => this.clauseRow(code, name, files)));
  }

  clauseRow(code, name, files) {
    const row = copy("clause-row");
    const points = this.preparation.criteria.find((item) => item.code === code)?.points;
    row.querySelector("[data-clause]").textContent = `${code} ${name}`;
    row.querySelector("[data-points]").textContent = points ? say("links.points", { points }) : "";
    const own = this.links().filter((link) => link.clause === code);
    row.querySelector("[data-none]").hidden = own.length > 0;
    row.querySelector("ul").replaceChildren(...own.map((link) => this.linkRow(link, files)));
    return row;
  }

  linkRow(link, files) {
    const row = copy("link-row");
    row.querySelector("[data-link]").textContent = linkText(link);
    const wrong = broken(link, files);
    if (wrong) {
      const line = findingLine({ level: "block", code: wrong.code, facts: {} });
      line.querySelector("[data-said]").textContent = sentenceOf(wrong);
      row.querySelector("[data-findings]").replaceChildren(line);
    }
    const button = row.querySelector("button");
    button.setAttribute("aria-label", say("links.remove", { link: `${link.clause} ${linkText(link)}` }));
    button.addEventListener("click", () => {
      this.change(this.links().filter((other) => !same(other, link)));
      this.part("clause").focus();
    });
    return row;
  }

  lock(locked) {
    for (const control of this.form.elements) control.disabled = locked;
    for (const button of this.root.querySelectorAll("button")) button.disabled = locked;
  }
}

const KEYS = ["clause", "envelope", "slot", "file", "from", "to", "place"];
const same = (one, other) => KEYS.every((key) => (one[key] ?? null) === (other[key] ?? null));

/** A page as typed, full-width digits too; null for an empty field, NaN for what is no number. */
function pageOf(text) {
  const typed = text.normalize("NFKC").trim();
  return typed ? (/^[0-9]{1,6}$/.test(typed) ? Number(typed) : NaN) : null;
}

function linkText({ file, from, to, place }) {
  const pages = (from ?? null) === null ? "" : say(from === to ? "links.page" : "links.pages", { from, to });
  return [file, pages, place].filter(Boolean).join(" · ");
}

// Where a bidder says whether it bids alone or leads a consortium, and who the members are: on both pages of a bid.

import { MOST_PARTNERS, checkTyped, isJoint, normalCode, readShare, spelledShare } from "./consortium.js";
import { sentenceOf } from "./sentences.js";
import { $, copy, fault } from "./view.js";
import { say } from "./words.js";

const PARTS = ["name", "uscc", "work", "share"];

/** The control a lack of the consortium is about. */
export const controlOf = (field) => field.replaceAll(".", "-");

/** The name of what a lack of the consortium is about, for people. */
export function spokenField(field) {
  const [, place, part = ""] = field.split(".");
  if (!part) return say("consortium");
  const who = place === "lead" ? say("consortium.lead") : say("consortium.row", { n: Number(place) + 2 });
  return `${who} ${say(`consortium.${part}`)}`;
}

export class ConsortiumEditor {
  /** `changed(typed)` is told of every change; nothing is shown where the section accepts no consortium. */
  constructor(preparation, changed) {
    Object.assign(this, { preparation, changed, typed: {}, locked: false });
    this.joint = $("consortium-joint");
    if (!this.joint) return;
    $("consortium").addEventListener("input", ({ target }) => this.take(target));
    $("consortium-members").addEventListener("click", () => this.add());
  }

  /** Show what was typed. */
  show(typed) {
    const isObject = (one) => typeof one === "object" && one !== null && !Array.isArray(one);
    const { joint = false, lead = {}, members = [] } = isObject(typed) ? typed : {};
    const list = Array.isArray(members) ? members.map((one) => (isObject(one) ? one : {})) : [];
    this.typed = { joint: joint === true, lead: isObject(lead) ? lead : {}, members: list };
    if (this.joint) this.render();
  }

  render() {
    const { joint, lead, members } = this.typed;
    this.joint.checked = joint;
    $("consortium-parts").hidden = !joint;
    for (const part of ["work", "share"]) $(`consortium-lead-${part}`).value = text(lead[part]);
    $("consortium-rows").replaceChildren(...members.map((one, place) => this.row(one, place)));
    this.sum();
    this.lock(this.locked);
  }

  row(member, place) {
    const made = copy("consortium-row");
    const name = say("consortium.row", { n: place + 2 });
    made.querySelector("h3").textContent = name;
    made.setAttribute("aria-label", name);
    for (const part of PARTS) {
      const control = made.querySelector(`[name=consortium-N-${part}]`);
      const id = `consortium-${place}-${part}`;
      made.querySelector(`label[for=${control.id}]`).htmlFor = id;
      Object.assign(control, { id, name: id, value: text(member[part]) });
    }
    const button = made.querySelector("button");
    button.setAttribute("aria-label", say("remove", { name }));
    button.addEventListener("click", () => this.remove(place));
    return made;
  }

  /** Something was typed or ticked. */
  take(control) {
    const [, place, part] = control.id.split("-");
    if (control === this.joint) {
      this.typed.joint = control.checked;
      if (control.checked && !this.typed.members.length) this.typed.members = [{}];
      this.render();
    } else if (place === "lead") this.typed.lead = { ...this.typed.lead, [part]: control.value };
    else this.typed.members[place] = { ...this.typed.members[place], [part]: control.value };
    this.sum();
    this.changed(this.typed);
  }

  add() {
    this.typed.members.push({});
    this.render();
    this.changed(this.typed);
    $(`consortium-${this.typed.members.length - 1}-name`).focus();
  }

  remove(place) {
    this.typed.members.splice(place, 1);
    this.render();
    this.changed(this.typed);
    $("consortium-members").focus();
  }

  sum() {
    const shares = [this.typed.lead, ...this.typed.members].map(({ share }) => readShare(text(share)) ?? 0);
    $("consortium-sum").textContent = say("consortium.sum", { percent: spelledShare(shares.reduce((sum, one) => sum + one, 0)) });
    $("consortium-members").hidden = this.typed.members.length >= MOST_PARTNERS;
  }

  /** What keeps the bid from being sealed: [{field, message}]; `own`: the code of the bidder itself. */
  problems(files, own) {
    const found = checkTyped(this.preparation, { consortium: this.typed, files })
      .filter(({ level, field }) => level !== "advise" && !field.includes("/"))
      .map((lack) => this.problem(lack.field, sentenceOf(lack)));
    const self = isJoint(this.typed) ? this.typed.members.findIndex(({ uscc }) => normalCode(text(uscc)) === normalCode(own)) : -1;
    if (self >= 0) found.push(this.problem(`consortium.${self}.uscc`, say("client.member_self", { uscc: own })));
    const agreement = checkTyped(this.preparation, { consortium: this.typed, files }).find(({ field }) => field.includes("/"));
    if (agreement) found.push({ field: `file-${agreement.field.replace("/", "-")}`, message: sentenceOf(agreement) });
    return found;
  }

  problem(field, reason) {
    return { field: controlOf(field), reason, message: say("named", { field: spokenField(field), reason }) };
  }

  /** Mark the controls named in `problems` ({field, reason}), and no others. */
  mark(problems) {
    if (!this.joint) return;
    for (const control of $("consortium").querySelectorAll("input")) {
      fault(control, problems.find(({ field }) => field === control.id)?.reason ?? null);
    }
  }

  lock(locked) {
    this.locked = locked;
    for (const control of this.joint ? $("consortium").querySelectorAll("input, button") : []) control.disabled = locked;
  }
}

const text = (value) => (typeof value === "string" ? value : "");

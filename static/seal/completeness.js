// Whether a draft is complete: bidding/rules/completeness.py in the page, from the same rules given as data.
//
// completeness(preparation, draft) → [{task, state: "todo" | "doing" | "fix" | "done", lacks: [{code, level, field,
// expected, found}]}]; pure. broken(link, files) → {code, expected, found} or null, for one clause link.
// tests/vectors/completeness.json binds the two programs.

import { checkTyped, isJoint } from "./consortium.js";
import { parse, plain } from "./money.js";
import { Refusal } from "./refusal.js";

const MOST_TEXT = 200;
const MAX_PAGE = 100_000;

const lack = (code, level, field, expected = "", found = "") => ({ code, level, field, expected, found });

/** The state of every task of the draft, in order. */
export const completeness = (preparation, draft) => preparation.tasks.map((task) => judged(task, preparation, draft));

/** Whether every task is done. */
export const isComplete = (found) => found.every(({ state }) => state === "done");

function judged({ task, steps, only_if: only }, preparation, draft) {
  if (only && !preparation[only]) return { task, state: "done", lacks: [lack("draft.not_asked", "advise", task)] };
  const lacks = [];
  let touched = false;
  for (const step of steps) {
    const [given, found] = CHECKS[step.check](step, preparation, draft);
    touched ||= given;
    lacks.push(...found);
  }
  const levels = new Set(lacks.map(({ level }) => level));
  const state = levels.has("fix") ? "fix" : !levels.has("need") ? "done" : touched ? "doing" : "todo";
  return { task, state, lacks };
}

function held(draft, field) {
  const [group, name] = field.split(".");
  return draft[group]?.[name];
}

function typed(draft, field) {
  const value = held(draft, field);
  return typeof value === "string" ? value.trim() : "";
}

function money(step, preparation, draft) {
  const { field } = step;
  const value = typed(draft, field);
  if (!value) return [false, [lack("draft.money", "need", field)]];
  let fen;
  try {
    fen = parse(value);
  } catch (refusal) {
    if (refusal instanceof Refusal) return [true, [lack(refusal.code, "fix", field, "", value)]];
    throw refusal;
  }
  const most = preparation[step.most_of];
  const least = preparation[step.least_of] ?? step.least;
  if (most != null && fen > most) return [true, [lack(step.over, "fix", field, plain(most), plain(fen))]];
  if (least != null && fen < least) {
    return [true, [lack(step.under ?? "draft.money_zero", "fix", field, plain(least), plain(fen))]];
  }
  const usual = preparation[step.usual_of];
  if (usual != null && fen < usual) return [true, [lack(step.below, "advise", field, plain(usual), plain(fen))]];
  return [true, []];
}

function count({ field, most_of: named, over }, preparation, draft) {
  const value = typed(draft, field).normalize("NFKC");
  if (!value) return [false, [lack("draft.count", "need", field)]];
  if (!/^[1-9][0-9]{0,4}$/.test(value)) return [true, [lack("draft.count_malformed", "fix", field, "", value)]];
  const most = preparation[named];
  return [true, most && Number(value) > most ? [lack(over, "fix", field, String(most), value)] : []];
}

function text({ field }, preparation, draft) {
  // Blanks of every width are plain ones when sealed: 王　工 was copied from a table.
  const value = typed(draft, field).replace(/\p{Zs}/gu, " ").trim();
  if (!value) return [false, [lack("draft.text", "need", field)]];
  const length = [...value].length;
  const seen = !/[\p{C}\p{Zl}\p{Zp}]/u.test(value);
  return [true, length > MOST_TEXT || !seen ? [lack("draft.text_long", "fix", field, String(MOST_TEXT), String(length))] : []];
}

function choice({ field, options }, preparation, draft) {
  const value = typed(draft, field);
  if (!value) return [false, [lack("draft.choice", "need", field)]];
  return [true, options.includes(value) ? [] : [lack("draft.choice_unknown", "fix", field, "", value)]];
}

function agreed({ field }, preparation, draft) {
  const given = held(draft, field) === true;
  return [given, given ? [] : [lack("draft.confirm", "need", field)]];
}

function slots({ envelope }, preparation, draft) {
  const files = (draft.files ?? []).filter((file) => file.envelope === envelope);
  const asked = preparation.slots.filter((slot) => slot.envelope === envelope);
  const lacks = asked
    .filter(({ slot, required }) => required && !files.some((file) => file.slot === slot))
    .map(({ slot, name }) => lack("draft.file_missing", "need", `${envelope}/${slot}`, name));
  for (const { slot, name, size } of files) {
    const place = `${envelope}/${slot}`;
    if (!size) lacks.push(lack("draft.file_empty", "fix", place, "", name));
    if (asked.every((other) => other.slot !== slot)) lacks.push(lack("draft.slot_unknown", "advise", place, "", name));
  }
  return [files.length > 0, lacks];
}

/** Code → name of what files of that group can answer; the review's clauses stand with the qualification. */
export function clausesOf(preparation, group) {
  const criteria = preparation.criteria.filter((item) => item.group === group).map(({ code, name }) => [code, name]);
  const review = group === "qualification" ? preparation.review.map((item) => [item.code, item.text]) : [];
  return new Map([...criteria, ...review]);
}

/** What is wrong with a link of the draft, or null: its file, its pages, or neither pages nor a place in words. */
export function broken(link, files) {
  const file = files.find((one) => one.envelope === link.envelope && one.slot === link.slot && one.name === link.file);
  if (!file) return { code: "links.file", expected: "", found: String(link.file ?? "") };
  const [first, last] = [link.from ?? null, link.to ?? null];
  if (first === null && last === null) {
    return String(link.place ?? "").trim() ? null : { code: "links.empty", expected: "", found: file.name };
  }
  if (!Number.isInteger(first) || !Number.isInteger(last) || first < 1 || first > last || last > MAX_PAGE) {
    return { code: "links.range", expected: "", found: `${first}–${last}` };
  }
  const pages = file.pages ?? null;
  return pages !== null && last > pages ? { code: "links.pages", expected: String(pages), found: String(last) } : null;
}

function links({ group }, preparation, draft) {
  const clauses = clausesOf(preparation, group);
  const own = (draft.links ?? []).filter(({ clause }) => clauses.has(clause));
  const lacks = own.flatMap((link) => {
    const wrong = broken(link, draft.files ?? []);
    return wrong ? [lack(wrong.code, "fix", `links.${link.clause}`, wrong.expected, wrong.found)] : [];
  });
  for (const [code, name] of clauses) {
    const scored = preparation.criteria.some((item) => item.code === code);
    if (scored && own.every(({ clause }) => clause !== code)) {
      lacks.push(lack("draft.link_missing", "advise", `links.${code}`, name));
    }
  }
  return [own.length > 0, lacks];
}

function bill(step, preparation, { bill: found }) {
  if (!preparation.boq) return [false, []];
  if (!found) return [false, [lack("draft.bill_missing", "need", "bill")]];
  return [true, found.errors ? [lack("draft.bill_errors", "fix", "bill", "", String(found.errors))] : []];
}

function billPrice({ field }, preparation, draft) {
  const total = draft.bill?.total_fen ?? null;
  const value = typed(draft, field);
  if (!preparation.boq || total === null || !value) return [false, []];
  let fen;
  try {
    fen = parse(value);
  } catch {
    return [false, []];
  }
  return [false, fen === total ? [] : [lack("draft.bill_price", "fix", field, plain(total), plain(fen))]];
}

const consortium = (step, preparation, draft) => [isJoint(draft.consortium), checkTyped(preparation, draft)];

const CHECKS = { text, choice, agreed, money, count, slots, links, bill, bill_price: billPrice, consortium };

/** By how many per cent a price lies below the control price, two decimals rounded half up: `14.09`. */
export function below(price, control) {
  const scaled = BigInt(control - price) * 10_000n;
  const whole = scaled < 0n ? -scaled : scaled;
  const cents = (2n * whole + BigInt(control)) / (2n * BigInt(control));
  const sign = scaled < 0n && cents ? "-" : "";
  return `${sign}${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}

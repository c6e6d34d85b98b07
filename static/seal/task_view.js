// How complete a draft is, on the page: every task with its state, every lack with a link to its field.

import { controlOf, spokenField } from "./consortium_editor.js";
import { FIELDS } from "./draft.js";
import { sentenceOf } from "./sentences.js";
import { $, copy, fault } from "./view.js";
import { say } from "./words.js";

const MOST = 4;
const NAMES = new Map(Object.entries(FIELDS).map(([name, field]) => [field, name]));
const GRAVEST = ["fix", "need", "advise"];

/** Show the tasks as `completeness` found them, and beside each field what is wrong with it. */
export function showTasks(found) {
  $("tasks").replaceChildren(...found.map(taskRow));
  const lacks = found.flatMap((task) => task.lacks);
  for (const [field, name] of NAMES) showLack(name, lacks.find((lack) => lack.field === field && lack.level === "fix"));
}

function taskRow({ task, state, lacks }) {
  const row = copy("task-row");
  const link = row.querySelector("a");
  link.textContent = say(`task.${task}`);
  link.href = `#task-${task}`;
  row.append(copy(`task-${state}`));
  const sorted = [...lacks].sort((one, other) => GRAVEST.indexOf(one.level) - GRAVEST.indexOf(other.level));
  const lines = sorted.slice(0, MOST).map((lack) => lackLine(task, lack));
  if (sorted.length > MOST) lines.push(Object.assign(document.createElement("li"), { textContent: say("task.more", { n: sorted.length - MOST }) }));
  row.querySelector("ul").replaceChildren(...lines);
  return row;
}

function lackLine(task, lack) {
  const line = copy(lack.level === "fix" ? "lack-fix" : "lack-need");
  const link = line.querySelector("a");
  link.textContent = textOf(lack);
  link.href = `#${targetOf(task, lack.field)}`;
  return line;
}

function textOf(lack) {
  const name = NAMES.get(lack.field);
  const clause = lack.field.startsWith("links.") && lack.level === "fix" ? lack.field.slice(6) : "";
  const member = lack.field.startsWith("consortium.") && lack.field.split(".").length === 3 ? spokenField(lack.field) : "";
  const field = name ? say(`field.${name}`) : member || clause;
  return field ? say("named", { field, reason: sentenceOf(lack) }) : sentenceOf(lack);
}

function targetOf(task, field) {
  const ids = [NAMES.get(field), field === "bill" ? "bill" : "", field.includes("/") ? `file-${field.replace("/", "-")}` : "", field.startsWith("links.") ? `links-${task}` : "", field.startsWith("consortium.") ? controlOf(field) : ""];
  return ids.find((id) => id && $(id)) ?? `task-${task}`;
}

function showLack(name, lack) {
  const control = $(name);
  if (control) fault(control, lack ? sentenceOf(lack) : null);
}

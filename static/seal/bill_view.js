// What the check of a bill came to, on the page: the total beside the price, every difference with its row.

import { grouped } from "./money.js";
import { placeOf, sentenceOf } from "./sentences.js";
import { $, copy, tag } from "./view.js";
import { explain, say } from "./words.js";

const MOST = 200;

/** Show the findings of a BillCheck in the card #bill, errors first; nothing where the section asks for no bill. */
export function showBill(check, failure = null) {
  $("bill").hidden = !check.asked;
  if (!check.asked) return;
  const { name, bill, findings } = check.found;
  const errors = check.errors.length;
  const [kind, text] = failure ? ["bad", say("slot.failed")] : !name && !findings.length ? ["muted", say("bill.none")]
    : errors ? ["bad", say("bill.errors", { n: errors })]
    : findings.length ? ["warn", say("bill.warnings", { n: findings.length })]
    : ["ok", say("bill.sound")];
  $("bill-state").replaceChildren(tag(kind, text));
  $("bill-total").textContent = failure ? Object.values(explain(failure)).join(" ") : bill ? say("bill.total", { name, n: bill.lines.length, total: grouped(bill.total_fen) }) : name ? say("bill.unread", { name }) : say("bill.missing");
  const sorted = [...findings].sort((one, other) => (one.level === "error" ? 0 : 1) - (other.level === "error" ? 0 : 1));
  $("bill-findings").hidden = !sorted.length;
  $("bill-rows").replaceChildren(...sorted.slice(0, MOST).map(rowOf));
  $("bill-more").textContent = sorted.length > MOST ? say("bill.more", { n: sorted.length - MOST }) : "";
}

function rowOf(finding) {
  const row = copy("bill-row");
  const put = (name, value) => { row.querySelector(`[data-cell=${name}]`).textContent = value; };
  put("place", placeOf(finding) || say("bill.whole"));
  put("text", sentenceOf(finding));
  put("rule", finding.rule || "—");
  const [kind, text] = finding.level === "error" ? ["bad", say("bill.error")] : ["warn", say("bill.warning")];
  row.querySelector("[data-cell=level]").replaceChildren(tag(kind, text));
  return row;
}

// The schedule of a bid (开标一览表): what was typed becomes schedule.json. Amounts are read as core/money.py reads them.

import { canonical } from "./notation.js";
import { need } from "./refusal.js";

export { parse as parseMoney } from "./money.js";

export const MOST_FEN = 10 ** 15;
export const MOST_DAYS = 100_000;
const MOST_TEXT = 200;

/**
 * Text as the opening will accept it: blanks of all widths become plain ones; schedule.empty, schedule.too_long,
 * schedule.unprintable otherwise. An ideographic space copied from a table must not void a bid.
 */
export function printable(text) {
  const plain = text.replace(/\p{Zs}/gu, " ").trim();
  need(plain, "schedule.empty");
  need([...plain].length <= MOST_TEXT, "schedule.too_long", { limit: MOST_TEXT });
  need(!/[\p{C}\p{Zl}\p{Zp}]/u.test(plain), "schedule.unprintable");
  return plain;
}

/** A whole number of days; schedule.days. */
export function parseDays(text) {
  const typed = text.trim().replace(/[０-９]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0));
  need(/^[0-9]{1,6}$/.test(typed) && Number(typed) >= 1 && Number(typed) <= MOST_DAYS, "schedule.days", { limit: MOST_DAYS });
  return Number(typed);
}

/** The file schedule.json for values that `parseMoney`, `parseDays` and `printable` have read. */
export function scheduleFile({ price_fen, duration_days, quality, manager, manager_certificate }) {
  need(price_fen > 0 && price_fen <= MOST_FEN, "schedule.price");
  const content = { type: "sunbid-schedule/v1", price_fen, duration_days, quality, manager, manager_certificate };
  return new File([canonical(content)], "schedule.json", { type: "application/json" });
}

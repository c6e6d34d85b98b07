// The schedule of a bid (开标一览表): what was typed becomes schedule.json. Amounts are read as core/money.py reads them.

import { canonical } from "./notation.js";
import { need } from "./refusal.js";

const WIDE = { "．": ".", "，": ",", "￥": "¥" };
const SHAPE = /^(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?$/;
export const MOST_FEN = 10 ** 15;
export const MOST_DAYS = 100_000;
const MOST_TEXT = 200;

/** An amount in yuan as fen; money.empty, money.malformed, money.too_precise, money.too_large. */
export function parseMoney(text) {
  const narrow = (sign) => WIDE[sign] ?? String.fromCharCode(sign.charCodeAt(0) - 0xfee0);
  const typed = text.trim().replace(/[０-９．，￥]/g, narrow).replace(/^¥\s*/, "");
  need(typed, "money.empty");
  const shape = SHAPE.exec(typed);
  need(shape, "money.malformed", { text });
  need((shape[1] ?? "").length <= 2, "money.too_precise", { text });
  const [whole, part = ""] = typed.replaceAll(",", "").split(".");
  need(whole.replace(/^0+/, "").length <= 12, "money.too_large", { text });
  return Number(whole) * 100 + Number(part.padEnd(2, "0"));
}

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

// Money as whole fen (a Number below 10^14): core/money.py in the page. tests/vectors/money.json binds the two.
//
// parse(text) → fen, or a refusal money.…; plain(fen), grouped(fen), upper(fen) → text.

import { need } from "./refusal.js";

export const LIMIT_FEN = 10 ** 14;

const WIDE = { "．": ".", "，": ",", "￥": "¥" };
const SHAPE = /^(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?$/;
const DIGITS = "零壹贰叁肆伍陆柒捌玖";
const PLACES = ["仟", "佰", "拾", ""];
const GROUPS = [["亿", 10 ** 8], ["万", 10 ** 4], ["", 1]];

/** An amount in yuan as fen; money.empty, money.malformed, money.too_precise, money.too_large. Zero is an amount. */
export function parse(text) {
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

/** `160215880.00`: the form for inputs and JSON; differences may be negative. */
export function plain(fen) {
  const whole = Math.abs(fen);
  return `${fen < 0 ? "-" : ""}${Math.floor(whole / 100)}.${String(whole % 100).padStart(2, "0")}`;
}

/** `160,215,880.00`: the form for tables. */
export function grouped(fen) {
  const [whole, part] = plain(fen).split(".");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${part}`;
}

/** 人民币大写 after 支付结算办法, annex 1, for 0 ≤ fen < LIMIT_FEN: 整 only after 元, one 零 for any run of zeros inside. */
export function upper(fen) {
  need(Number.isSafeInteger(fen) && fen >= 0 && fen < LIMIT_FEN, "money.too_large");
  const yuan = Math.floor(fen / 100);
  const [jiao, last] = [Math.floor(fen / 10) % 10, fen % 10];
  let written = yuan ? `${integer(yuan)}元` : "";
  if (!jiao && !last) return `${written || "零元"}整`;
  if (jiao) written += (yuan && yuan % 10 === 0 ? "零" : "") + DIGITS[jiao] + "角";
  else if (yuan) written += "零";
  return written + (last ? `${DIGITS[last]}分` : "");
}

function integer(yuan) {
  let [written, before] = ["", ""];
  for (const [unit, scale] of GROUPS) {
    const part = Math.floor(yuan / scale) % 10 ** 4;
    // A skipped group or a missing thousands digit reads as one 零; zeros at a group's end are silent.
    const gap = part && written && (part < 1000 || !written.endsWith(before));
    if (part) written += (gap ? "零" : "") + group(part) + unit;
    before = unit;
  }
  return written;
}

function group(number) {
  let [written, pending] = ["", false];
  [...String(number).padStart(4, "0")].forEach((digit, at) => {
    if (digit === "0") pending = written !== "";
    else {
      written += (pending ? "零" : "") + DIGITS[Number(digit)] + PLACES[at];
      pending = false;
    }
  });
  return written;
}

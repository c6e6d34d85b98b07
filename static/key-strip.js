// The strip above a bidder's pages: the certificate ends soon, or before an opening; the backup was never tried.
// In passing it pins what a section was published with, so that opening day has something to compare with.

import { openKeys } from "./seal/keys.js";
import { pin } from "./seal/sections.js";

const DAY = 86_400_000;
const strip = document.getElementById("key-strip");
const deadlines = strip.dataset.deadlines.split(",").filter(Boolean).map((text) => {
  const [code, at] = text.split(" ");
  return { code, at: Date.parse(at) };
});

function show(name, facts = {}) {
  const box = strip.querySelector(`[data-strip=${name}]`);
  const text = box.querySelector("[data-text]");
  text.textContent = text.textContent.replace(/\{(\w+)\}/g, (_, fact) => facts[fact] ?? "—");
  box.hidden = false;
}

const own = await openKeys();
if (own) {
  const end = own.notAfter.getTime();
  const day = own.notAfter.toLocaleDateString("sv-SE", { timeZone: "Asia/Shanghai" });
  const left = end - Date.parse(strip.dataset.now); // the server is the clock
  const days = Math.floor(left / DAY);
  const late = deadlines.find(({ at }) => end <= at);
  if (left <= 0) show("over", { day });
  else if (late) show("before", { day, code: late.code });
  else if (left < 90 * DAY) show(left < 15 * DAY ? "soon15" : left < 30 * DAY ? "soon30" : "soon90", { day, days });
  if (own.light === "not_backed_up") show("untested");
}
for (const { code } of strip.dataset.pin ? deadlines : []) {
  const answer = await fetch(`/opening/${encodeURIComponent(code)}/terms`, { headers: { Accept: "application/json" } });
  if (!answer.ok) continue;
  const { platform_key: key, policies } = await answer.json();
  await pin(code, { platform_key: key, policies }).catch(() => show("platform"));
}

// The page's words: templates/bidding/_seal_words.html gives them in the reader's language, with {holes} for facts.

const words = JSON.parse(document.getElementById("seal-words").textContent);

/** The sentence of that name with its holes filled; the name itself where there is none. */
export function say(name, facts = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (hole, fact) => (facts[fact] === undefined ? hole : String(facts[fact])));
}

/** {reason, next} of a refusal: the page's words, else the server's own sentence, else the code. */
export function explain({ code, facts = {}, detail = "" }) {
  const shown = { ...facts };
  if (facts.limit) shown.limit = sizeText(facts.limit);
  if (facts.size) shown.size = sizeText(facts.size);
  if (facts.ending) shown.ending = facts.ending.toUpperCase();
  if (facts.envelope) shown.envelope = say(`envelope.${facts.envelope}`);
  const reason = words[code] ? say(code, shown) : detail || say("unforeseen", { code });
  return { reason, next: words[`${code}.next`] ? say(`${code}.next`, shown) : say("unforeseen.next", { code }) };
}

/** A size for people: 1.4 GB, 35.0 MB, 812 KB. */
export function sizeText(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const [size, unit] = bytes >= 1e9 ? [bytes / 1e9, "GB"] : bytes >= 1e6 ? [bytes / 1e6, "MB"] : [bytes / 1e3, "KB"];
  return `${size.toFixed(unit === "KB" ? Number(size < 10) : 1)} ${unit}`;
}

/** A span for people: 6 分 20 秒. */
export function spanText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours) return say("span.hours", { hours, minutes });
  return minutes ? say("span.minutes", { minutes, seconds: rest }) : say("span.seconds", { seconds: rest });
}

/** An instant in Beijing time, to the second; with `exact` to the microsecond where it is told. */
export function instantText(at, exact = false) {
  const shown = new Date(Date.parse(at) + 8 * 3600_000).toISOString().slice(0, 19).replace("T", " ");
  return exact ? `${shown}.${(/\.(\d+)/.exec(at)?.[1] ?? "").padEnd(6, "0")}` : shown;
}

// What a page does beyond HTML: server clock, countdowns, copy buttons, typed confirmation, text size, announcements.
// Every page works without this file; nothing here decides anything, the server does.

const live = document.getElementById("live");
const ready = new WeakSet();
let offset = 0; // server clock minus this machine's clock, milliseconds

document.documentElement.classList.add("js");

/** Say `text` to people who listen to the page; the same text twice is said twice. */
export function announce(text) {
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = text; });
}

/** The server's clock now, in milliseconds since 1970. */
export function serverNow() {
  return Date.now() + offset;
}

/** Measure the offset to the server's clock: three questions, the one with the shortest way there and back counts. */
async function measureClock() {
  let best = Infinity;
  for (let question = 0; question < 3; question += 1) {
    const sent = performance.now();
    const answer = await fetch("/time", { cache: "no-store", headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const told = Date.parse((await answer.json()).now);
    const way = performance.now() - sent;
    if (Number.isFinite(told) && way < best) {
      best = way;
      offset = told + way / 2 - Date.now();
    }
  }
}

const two = (number) => String(number).padStart(2, "0");

/** The same words as the server's `remaining` filter. */
function remaining(seconds) {
  if (seconds <= 0) return live.dataset.passed;
  const [days, hours] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24];
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (!days && !hours) return rest;
  return days ? `${days} ${live.dataset.day} ${two(hours)}:${rest}` : `${two(hours)}:${rest}`;
}

const THRESHOLDS = [3600, 300, 60, 0];
const said = new WeakMap();

function tick() {
  const now = serverNow();
  const clock = document.getElementById("server-clock");
  if (clock) {
    clock.dateTime = new Date(now).toISOString();
    clock.textContent = new Date(now).toLocaleTimeString("en-GB", { timeZone: "Asia/Shanghai", hour12: false });
  }
  for (const timer of document.querySelectorAll("[data-deadline]")) {
    const seconds = Math.ceil((Date.parse(timer.dataset.deadline) - now) / 1000);
    const text = remaining(seconds);
    if (timer.textContent !== text) timer.textContent = text;
    const bearer = timer.closest("[data-urgency]") ?? timer;
    bearer.classList.toggle("is-over", seconds <= 0);
    bearer.classList.toggle("is-last", seconds > 0 && seconds <= 3600);
    bearer.classList.toggle("is-soon", seconds > 3600 && seconds <= 86400);
    const before = said.get(timer) ?? seconds;
    const crossed = THRESHOLDS.find((threshold) => before > threshold && seconds <= threshold);
    said.set(timer, seconds);
    if (crossed !== undefined) announce(seconds > 0 ? live.dataset.left.replace("{left}", text) : text);
    if (crossed === 0) document.dispatchEvent(new CustomEvent("sunbid:deadline", { detail: { timer } }));
  }
  setTimeout(tick, 1000 - (Math.floor(serverNow()) % 1000));
}

// The display of typed money only; core.money.upper writes what counts.
const DIGITS = "零壹贰叁肆伍陆柒捌玖";
export function upper(text) {
  const typed = text.normalize("NFKC").replace(/[,¥\s]/g, "");
  const shape = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(typed);
  if (!shape) return "";
  const whole = shape[1].replace(/^0+/, "");
  const [jiao, fen] = (shape[2] ?? "").padEnd(2, "0");
  let written = "";
  let gap = false;
  for (let place = whole.length - 1; place >= 0; place -= 1) {
    const digit = Number(whole[whole.length - 1 - place]);
    if (digit) {
      written += (gap ? "零" : "") + DIGITS[digit] + ["", "拾", "佰", "仟"][place % 4];
      gap = false;
    } else {
      gap = written !== "";
    }
    if (place % 4 === 0 && place > 0 && Number(whole.slice(0, -place).slice(-4))) {
      written += ["", "万", "亿"][place / 4];
      gap = gap && whole[whole.length - place] === "0";
    }
  }
  if (written) written += "元";
  if (jiao === "0" && fen === "0") return `${written || "零元"}整`;
  if (jiao !== "0") written += (written && whole.endsWith("0") ? "零" : "") + DIGITS[jiao] + "角";
  else if (written) written += "零";
  return written + (fen !== "0" ? `${DIGITS[fen]}分` : "");
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.querySelector("span");
  const before = label.textContent;
  label.textContent = button.dataset.done;
  announce(button.dataset.done);
  setTimeout(() => { label.textContent = before; }, 2000);
}

/** Make the parts inside `root` work; called for the page and for each swapped fragment. */
function prepare(root) {
  for (const form of root.querySelectorAll("form[data-confirm]")) {
    if (ready.has(form)) continue;
    ready.add(form);
    const [typed, button] = [form.querySelector("input:not([type=hidden])"), form.querySelector("button[type=submit]")];
    const check = () => { button.disabled = typed.value.trim() !== form.dataset.confirm; };
    typed.addEventListener("input", check);
    check();
  }
  for (const wide of root.querySelectorAll(".table-wrap, .drawing, .demo-roles, .site-nav, .ways")) {
    watch.unobserve(wide); // a swap may have taken its tabindex away: look anew
    watch.observe(wide);
  }
  for (const own of root.querySelectorAll(".demo-roles [aria-pressed=true]")) {
    const strip = own.closest(".demo-roles");
    strip.scrollLeft += own.getBoundingClientRect().left - strip.getBoundingClientRect().left - strip.clientWidth / 3;
  }
  for (const input of root.querySelectorAll("input[data-money]")) {
    const show = () => { document.getElementById(input.dataset.money).textContent = upper(input.value); };
    input.addEventListener("input", show);
    show();
  }
}

// A table or drawing wider than its place must be reachable by keyboard; one that fits must not be a stop on the way.
const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.copy !== undefined) copy(button);
  if (button.dataset.textSize !== undefined) {
    const size = button.dataset.textSize;
    document.cookie = `text_size=${size}; path=/; max-age=31536000; samesite=lax`;
    document.documentElement.classList.remove("text-large", "text-larger");
    if (size) document.documentElement.classList.add(`text-${size}`);
    for (const other of document.querySelectorAll("[data-text-size]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  }
});
document.addEventListener("htmx:after:swap", (event) => prepare(event.target instanceof Element ? event.target : document));

document.addEventListener("htmx:sse:after:message", () => prepare(document));

prepare(document);
const summary = document.getElementById("error-summary");
for (const link of summary?.querySelectorAll('a[href^="#"]') ?? []) {
  const field = document.getElementById(link.hash.slice(1))?.closest(".field");
  const label = field?.querySelector(":scope > label, :scope > legend")?.firstChild?.textContent.trim();
  if (label && !link.textContent.includes(label)) link.prepend(label + summary.dataset.between);
}
summary?.focus();
for (const here of document.querySelectorAll(":is(.site-nav, .ways) [aria-current]")) {
  const strip = here.parentElement; // not scrollIntoView: the page itself stays where its anchor put it
  strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
}
measureClock().catch(() => {}).finally(tick);

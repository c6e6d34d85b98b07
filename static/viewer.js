// The viewer of bids' pages: turning, jumping, zooming, finding without a reload; beside a form as a panel; bids side by side.
// Without this file every link and form works as a page of its own.

const WIDE = matchMedia("(min-width: 1100px)");
const STEPS = [50, 70, 85, 100, 125, 150, 200, 300];
const LARGE_FROM = 125;
let zoom = Number(sessionStorage.getItem("viewer-zoom")) || 100;
let opener = null;



async function fetched(href, part) {
  const url = new URL(href, location.href);
  url.searchParams.set("part", part);
  const answer = await fetch(url, { headers: { "X-Requested-With": "fetch" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("[data-viewer]");
}

function applyZoom(viewer) {
  const picture = viewer.querySelector(".viewer-sheet img");
  const said = viewer.querySelector("[data-zoom-now]");
  if (said) said.textContent = `${zoom}%`;
  if (!picture) return;
  picture.parentElement.dataset.width = String(zoom);
  const wanted = zoom >= LARGE_FROM && viewer.dataset.viewer !== "column" ? picture.dataset.large : null;
  if (wanted && picture.getAttribute("src") !== wanted) picture.src = wanted;
}

function ready(viewer) {
  applyZoom(viewer);
  const thumb = viewer.querySelector('.viewer-thumbs [aria-current="page"]');
  const list = thumb?.closest(".viewer-thumbs");
  if (list) list.scrollTop = thumb.offsetTop - list.offsetTop - list.clientHeight / 2 + thumb.offsetHeight / 2;
}

async function turn(viewer, href, { focus = "sheet" } = {}) {
  const full = viewer.dataset.viewer === "full";
  viewer.setAttribute("aria-busy", "true");
  let next = null;
  try {
    if (full) {
      const answer = await fetch(href);
      next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-viewer]");
    } else next = await fetched(href, viewer.dataset.viewer);
  } catch { /* the page's own address still works */ }
  if (!next) { location.href = href; return; }
  const list = viewer.querySelector(".viewer-thumbs");
  const top = list?.scrollTop;
  viewer.replaceWith(next);
  if (full) history.pushState({}, "", href);
  ready(next);
  const held = next.querySelector(".viewer-thumbs");
  if (held && top !== undefined && Math.abs(held.scrollTop - top) < held.clientHeight / 2) held.scrollTop = top;
  const target = focus === "find" ? next.querySelector('input[name="find"]') : next.querySelector(".viewer-sheet");
  target?.focus({ preventScroll: full ? false : true });
  const live = document.getElementById("live");
  if (live) live.textContent = next.querySelector(".viewer-sheet")?.getAttribute("aria-label") ?? "";
}

function panel() {
  let held = document.getElementById("view-panel");
  if (!held) {
    held = document.createElement("div");
    held.id = "view-panel";
    document.querySelector("main").append(held);
  }
  return held;
}

async function openPanel(link) {
  let viewer = null;
  try { viewer = await fetched(link.href, "panel"); } catch { /* open it as a page */ }
  if (!viewer) { location.href = link.href; return; }
  opener = link;
  panel().replaceChildren(viewer);
  document.documentElement.classList.add("has-panel");
  ready(viewer);
  viewer.querySelector(".viewer-sheet")?.focus({ preventScroll: true });
}

function closePanel() {
  document.documentElement.classList.remove("has-panel");
  panel().replaceChildren();
  opener?.focus();
}

function zoomTo(viewer, way) {
  const place = STEPS.findIndex((step) => step >= zoom);
  if (way === "0") zoom = 100;
  else zoom = STEPS[Math.min(Math.max(place + (way === "+" ? 1 : -1), 0), STEPS.length - 1)];
  sessionStorage.setItem("viewer-zoom", String(zoom));
  document.querySelectorAll("[data-viewer]").forEach(applyZoom);
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const viewer = event.target.closest("[data-viewer]");
  const turning = event.target.closest("a[data-turn]");
  const into = event.target.closest("a[data-into]");
  const view = event.target.closest("a[data-view]");
  const zoomer = event.target.closest("[data-zoom]");
  if (zoomer && viewer) zoomTo(viewer, zoomer.dataset.zoom);
  else if (event.target.closest("[data-close]")) closePanel();
  else if (turning && viewer) { event.preventDefault(); turn(viewer, turning.href); }
  else if (into) { event.preventDefault(); load(into.closest(".viewer-column").querySelector("[data-load]"), into.href); }
  else if (view && WIDE.matches) { event.preventDefault(); openPanel(view); }
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-jump]");
  const viewer = form?.closest("[data-viewer]");
  if (!viewer) return;
  event.preventDefault();
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form)) url.searchParams.set(name, value);
  turn(viewer, url.href, { focus: form.matches(".viewer-find") ? "find" : "sheet" });
});

document.addEventListener("error", (event) => {
  if (!event.target.matches?.(".viewer-sheet img")) return;
  event.target.closest(".viewer-page").querySelector(".viewer-failed").hidden = false;
}, true);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && document.documentElement.classList.contains("has-panel")) { closePanel(); return; }
  if (event.target.matches("input, textarea, select")) return;
  const viewer = event.target.closest("[data-viewer]") ?? document.querySelector('[data-viewer="full"]');
  if (!viewer) return;
  const sheet = viewer.querySelector(".viewer-sheet");
  const links = { prev: viewer.querySelector('a[rel="prev"]'), next: viewer.querySelector('a[rel="next"]') };
  const go = (link) => { if (link) { event.preventDefault(); turn(viewer, link.href); } };
  const roomDown = sheet && sheet.scrollTop + sheet.clientHeight < sheet.scrollHeight - 4;
  const roomUp = sheet && sheet.scrollTop > 4;
  const wide = sheet && sheet.scrollWidth > sheet.clientWidth + 4;
  if (event.key === "+" || event.key === "=") { event.preventDefault(); zoomTo(viewer, "+"); }
  else if (event.key === "-" || event.key === "_") { event.preventDefault(); zoomTo(viewer, "-"); }
  else if (event.key === "0") zoomTo(viewer, "0");
  else if (event.key === "ArrowRight" && !wide) go(links.next);
  else if (event.key === "ArrowLeft" && !wide) go(links.prev);
  else if (event.key === "PageDown") { if (roomDown) { event.preventDefault(); sheet.scrollBy(0, sheet.clientHeight * 0.9); } else go(links.next); }
  else if (event.key === "PageUp") { if (roomUp) { event.preventDefault(); sheet.scrollBy(0, -sheet.clientHeight * 0.9); } else go(links.prev); }
  else if ((event.key === "Home" || event.key === "End") && viewer.querySelector("[data-page]")) {
    const form = viewer.querySelector("form[data-jump]");
    const url = new URL(form.action);
    url.searchParams.set("page", event.key === "Home" ? "1" : "100000");
    event.preventDefault();
    turn(viewer, url.href);
  }
});

addEventListener("popstate", () => { if (document.querySelector('[data-viewer="full"]')) location.reload(); });

async function load(place, href) {
  const held = place.querySelector("[data-viewer]");
  if (held) { await turn(held, href); return; }
  const viewer = await fetched(href, "column").catch(() => null);
  if (viewer) { place.replaceChildren(viewer); ready(viewer); }
}

async function loadColumns() {
  const waiting = [...document.querySelectorAll("[data-load]")];
  const next = async () => { for (let one = waiting.shift(); one; one = waiting.shift()) await load(one, one.dataset.load); };
  await Promise.all([next(), next()]);
}

document.querySelectorAll("[data-viewer]").forEach(ready);
loadColumns();

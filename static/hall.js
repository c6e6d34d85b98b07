// The live hall: says whether the line stands, asks every two seconds while it does not, reloads at a new stage.
// The board itself comes by hx-sse; everything here can be lost and a reload shows the same.

import { announce, serverNow } from "./sunbid.js";

const stream = document.getElementById("stream");
const line = document.getElementById("line");
const said = document.getElementById("line-state");
const clock = document.getElementById("line-clock");
const SILENCE = 35000; // two heartbeats and some
let connected = false;
let refused = false;
let heard = Date.now();
let lostAt = Date.now();
let connection = null;

function show(text, lost) {
  if (said.textContent !== text) said.textContent = text;
  line.classList.toggle("is-lost", lost);
}

function stands(event) {
  connection = event.detail?.connection ?? connection;
  connected = true;
  refused = false;
  heard = Date.now();
}

function lost() {
  if (connected) lostAt = Date.now();
  connected = false;
}

function offset() {
  const seconds = (serverNow() - Date.now()) / 1000;
  const words = line.dataset;
  return words.clock.replace("{sign}", seconds < 0 ? words.slow : words.fast).replace("{n}", Math.abs(seconds).toFixed(2));
}

/** Say that this page is open, and look who else is here. */
function here() {
  const form = document.getElementById("say");
  if (document.hidden) return;
  if (form) {
    const token = form.querySelector("[name=csrf_token]").value;
    fetch(form.dataset.here, { method: "POST", headers: { "X-CSRFToken": token, Accept: "application/json" } }).catch(() => {});
  }
  document.getElementById("presence")?.dispatchEvent(new CustomEvent("sunbid:ask"));
}

function ask() {
  const board = document.getElementById("board");
  if (board && !document.hidden) board.dispatchEvent(new CustomEvent("sunbid:ask"));
}

if (stream && line) {
  for (const kind of ["htmx:sse:after:connection", "htmx:sse:after:message", "beat"]) stream.addEventListener(kind, stands);
  for (const kind of ["htmx:sse:error", "htmx:sse:close"]) stream.addEventListener(kind, lost);
  stream.addEventListener("htmx:sse:before:connection", (event) => { if (event.detail?.connection?.attempt) lost(); });
  stream.addEventListener("htmx:after:request", (event) => {
    const answer = event.detail?.ctx?.response?.raw;
    if (!answer || answer.ok) return;
    lost();
    refused = answer.status === 503;
    const wait = Number(answer.headers.get("Retry-After")) || 15;
    setTimeout(() => stream.dispatchEvent(new CustomEvent("sunbid:connect")), wait * 1000);
  });
  stream.addEventListener("stage", () => {
    if (stream.dataset.page === "hall") location.reload();
    else announce(line.dataset.good);
  });
  setInterval(() => {
    if (connected && Date.now() - heard > SILENCE && !document.hidden) {
      lost();
      connection?.reader?.cancel?.();
    }
    const gone = Math.round((Date.now() - lostAt) / 1000);
    if (connected) show(line.dataset.good, false);
    else if (refused) show(line.dataset.asking, false);
    else if (gone >= 2) show(line.dataset.lost.replace("{n}", gone), true);
    clock.textContent = offset();
  }, 1000);
  setInterval(() => { if (!connected) ask(); }, 2000);
  setInterval(here, 15000);
  here();
}

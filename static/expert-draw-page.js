// The button "recompute here", once a draw is concluded: fetches the published record, replays it, says what came of it.

import { announce } from "./sunbid.js";
import { check } from "./expert-draw-replay.js";

const box = document.getElementById("recompute");
const result = document.getElementById("recompute-result");
const words = box?.dataset;

function say(kind, text) {
  const line = document.getElementById(`recompute-${kind}`).content.firstElementChild.cloneNode(true);
  line.querySelector("[data-text]").textContent = text;
  result.append(line);
  announce(text);
}

async function recompute() {
  result.replaceChildren();
  let draws;
  try {
    const answer = await fetch(words.record, { headers: { Accept: "application/json" } });
    draws = (await answer.json()).draws.filter((draw) => draw.outcome);
  } catch {
    say("bad", words.unreachable);
    return;
  }
  if (draws.length === 0) say("bad", words.none);
  for (const [place, draw] of draws.entries()) {
    try {
      const steps = await check(draw, draws.slice(0, place));
      const seated = steps.filter((step) => step[1] === "seated").length;
      say("ok", `${draw.label}: ${words.right} ${steps.length} / ${seated}`);
    } catch (error) {
      say("bad", `${draw.label}: ${words[error.message] ?? words.wrong} (${error.message})`);
    }
  }
}

box?.querySelector("button").addEventListener("click", recompute);

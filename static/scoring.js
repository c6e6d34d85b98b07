// On the score sheet: j and k move between the boxes while no box has the focus, Enter moves to the next box.
// Saving is htmx's; without this file Tab does the same.

const boxes = () => [...document.querySelectorAll("[data-score]")];
let last = -1;

document.addEventListener("focusin", (event) => {
  const place = boxes().indexOf(event.target);
  if (place >= 0) last = place;
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select, button, a, summary");
  const inBox = event.target.matches("input[data-score]");
  let step = 0;
  if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) step = { j: 1, k: -1 }[event.key] ?? 0;
  if (inBox && event.key === "Enter") step = 1;
  const next = boxes()[last + step];
  if (!step || !next) return;
  event.preventDefault();
  next.focus();
  next.select?.();
});

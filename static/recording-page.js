// The hash and size of a recording chosen on this machine, read piece by piece: the file is never sent anywhere.

import { announce } from "./sunbid.js";
import { digestFile } from "./seal/digester.js";

const box = document.getElementById("recording-file");
const input = box?.querySelector("input[type=file]");
const [meter, said] = [box?.querySelector("progress"), box?.querySelector("[data-said]")];
const field = (name) => document.getElementById(name);
let turn = 0;

if (box) {
  box.hidden = false;
  input.addEventListener("change", compute);
}

async function compute() {
  const [file] = input.files;
  const mine = turn += 1; // a file chosen later wins
  if (!file) return;
  Object.assign(meter, { hidden: false, max: file.size || 1, value: 0 });
  said.textContent = box.dataset.reading;
  try {
    const { sha256 } = await digestFile(file, 0, (done) => { if (mine === turn) meter.value = done; });
    if (mine !== turn) return;
    field("sha256").value = sha256;
    field("size").value = file.size;
    if (!field("title").value) field("title").value = file.name;
    said.textContent = box.dataset.done;
  } catch {
    if (mine !== turn) return;
    said.textContent = box.dataset.failed;
  }
  meter.hidden = true;
  announce(said.textContent);
}

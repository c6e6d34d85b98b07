// Replays one expert draw from its published record with nothing but the browser's own SHA-256.
// replay(draw, earlier) gives [candidate, outcome, speciality or reason] down all orders so far; it throws what fails.

const bytes = (text) => new TextEncoder().encode(text);
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
const byText = (left, right) => (hex(bytes(left)) < hex(bytes(right)) ? -1 : 1);

export async function replay(draw, earlier = []) {
  const label = bytes(draw.label);
  for (const party of draw.parties) {
    if (hex(await sha256(unhex(party.nonce))) !== party.commitment) throw new Error(`${party.party}: another nonce`);
  }
  const listed = JSON.stringify([...draw.candidates].sort(byText));
  if (hex(await sha256(bytes(listed))) !== draw.list_digest) throw new Error("candidates");
  const nonces = draw.parties.map((party) => party.nonce).sort();
  const seed = await sha256(bytes("sunbid-draw/v1\n"), label, bytes("\n"), ...nonces.map(unhex));
  if (hex(seed) !== draw.seed) throw new Error("seed");
  const tickets = [];
  for (const name of draw.candidates) tickets.push([hex(await sha256(seed, label, bytes("\n"), bytes(name))), name]);
  tickets.sort((left, right) => (left[0] === right[0] ? byText(left[1], right[1]) : left[0] < right[0] ? -1 : 1));
  const units = draw.parameters.shape.seats.flatMap((seat) => Array(seat.count).fill(seat.speciality));
  const told = [...(draw.outcome.standing ?? []), ...draw.outcome.steps];
  const stated = new Map(told.map((step) => [step.candidate, step]));
  const held = Object.assign({}, draw.specialities, ...earlier.map((one) => one.specialities));
  const order = tickets.map(([, name]) => name);
  const holder = new Map();
  const seat = (name, tried) =>
    units.some((speciality, unit) => {
      if (tried.has(unit) || !held[name].includes(speciality)) return false;
      tried.add(unit);
      if (holder.has(unit) && !seat(holder.get(unit), tried)) return false;
      holder.set(unit, name);
      return true;
    });
  const found = new Map();
  for (const name of [...earlier.flatMap((one) => one.outcome.order), ...order]) {
    // A reason that arose after the freeze is taken as stated.
    if (stated.get(name)?.outcome === "skipped") found.set(name, ["skipped", stated.get(name).detail]);
    else found.set(name, [holder.size < units.length && seat(name, new Set()) ? "seated" : "standby", ""]);
  }
  for (const [unit, name] of holder) found.set(name, ["seated", units[unit]]);
  return [...found].map(([name, what]) => [name, ...what]);
}

export async function check(draw, earlier = []) {
  const steps = await replay(draw, earlier); // a supplementary draw fills what the earlier ones left open
  const last = steps.slice(-draw.outcome.order.length).map((step) => step[0]);
  if (JSON.stringify(last) !== JSON.stringify(draw.outcome.order)) throw new Error("order");
  const stated = [...(draw.outcome.standing ?? []), ...draw.outcome.steps];
  const told = stated.map((step) => [step.candidate, step.outcome, step.detail]);
  if (JSON.stringify(steps) !== JSON.stringify(told)) throw new Error("steps");
  return steps;
}

// The ladder of archive sizes, so that the size of a sealed file tells next to nothing: core/seal/ladder.py.

import { need } from "./refusal.js";

export const LARGEST = 2 ** 33;

/** Every size an archive may have, in bytes, ascending. */
export const LADDER = [
  ...Array.from({ length: 8 }, (_, k) => 2 ** (16 + k)),
  ...Array.from({ length: 9 }, (_, k) => [4, 5, 6, 7].map((quarters) => quarters * 2 ** (22 + k))).flat(),
  LARGEST,
];

/** The smallest step of at least `size` bytes; seal.archive_too_large above 8 GiB. */
export function stepFor(size) {
  const step = LADDER.find((one) => one >= size);
  need(step !== undefined, "seal.archive_too_large", { size, limit: LARGEST });
  return step;
}

/** Whether `size` is a step of the ladder. */
export const onLadder = (size) => LADDER.includes(size);

// How fast the line is and whether there is time enough.

const WINDOW = 20_000;

export class Pace {
  constructor() {
    this.points = [];
  }

  /** Note that `done` bytes are there at the instant `at` (milliseconds). */
  note(done, at) {
    this.points.push([at, done]);
    while (this.points.length > 2 && at - this.points[0][0] > WINDOW) this.points.shift();
  }

  /** Bytes a second over the last seconds; 0 while nothing can be said. */
  rate() {
    if (this.points.length < 2) return 0;
    const [[began, first], [ended, last]] = [this.points[0], this.points.at(-1)];
    return ended - began < 500 ? 0 : ((last - first) / (ended - began)) * 1000;
  }

  /**
   * {rate, eta, urgency} for what is left (bytes) with `remaining` seconds to the deadline; urgency "late" when it will
   * not be enough, "tight" when more than half of the time is needed, else "". Null while nothing can be said.
   */
  judge(left, remaining) {
    const rate = this.rate();
    if (!rate) return null;
    const eta = left / rate;
    return { rate, eta, urgency: eta > remaining ? "late" : eta > remaining / 2 ? "tight" : "" };
  }
}

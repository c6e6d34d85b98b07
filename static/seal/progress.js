// The progress of sealing and sending: for each envelope 检查 → 加密 → 上传 → 核对 → 递交, and whether time is enough.

import { copy, showSteps } from "./view.js";
import { explain, say, sizeText, spanText } from "./words.js";
import { serverNow } from "../sunbid.js";

const STEPS = ["check", "seal", "upload", "compare", "commit"];

export class Progress {
  /** `remaining()` gives the seconds to the deadline; `bar` is where the pace is told. */
  constructor(place, { remaining, pace, bar }) {
    Object.assign(this, { place, remaining, pace, bar, envelopes: new Map(), title: document.title });
    this.line = place.querySelector("[data-line]");
    this.list = place.querySelector("[data-envelopes]");
  }

  /** Begin anew for these envelopes; a withdrawal has none and shows one row of its own. */
  begin(names) {
    this.envelopes.clear();
    this.pace.points = [];
    this.list.replaceChildren(...(names.length ? names : ["withdrawal"]).map((name) => {
      const element = copy("envelope-progress");
      element.querySelector("[data-name]").textContent = say(`envelope.${name}`);
      const meter = element.querySelector("progress");
      meter.setAttribute("aria-label", say(`envelope.${name}`));
      this.envelopes.set(name, { element, meter, step: 1, share: 0 });
      return element;
    }));
    this.say(say("progress.seal"));
    this.showAll();
  }

  /** What the worker tells. */
  take({ event, ...told }) {
    const one = this.envelopes.get(told.envelope);
    if (event === "sealed" && one) Object.assign(one, { step: told.done < told.size ? 1 : 2, share: told.done / told.size });
    if (event === "uploaded" && one) {
      Object.assign(one, { step: told.done < told.size ? 2 : 3, share: told.done / told.size });
      this.pace.note(told.allDone, performance.now());
      this.tellPace(told.allDone, told.allSize);
    }
    if (event === "compared" && one) Object.assign(one, { step: 4, share: 1 });
    if (event === "committing") {
      for (const each of this.envelopes.values()) Object.assign(each, { step: 4, share: 1 });
      this.say(say("progress.commit"));
    }
    if (event === "waiting") this.tellWaiting(told.waiting);
    if (one) this.show(one);
    else if (event === "committing") this.showAll();
  }

  /** Everything is sealed, or was before. */
  sealedAll() {
    for (const one of this.envelopes.values()) Object.assign(one, { step: Math.max(one.step, 2), share: 0 });
    this.say(say("progress.upload"));
    this.showAll();
  }

  end() {
    for (const one of this.envelopes.values()) one.step = STEPS.length;
    this.showAll();
    this.bar.hidden = true;
    document.title = this.title;
  }

  /** Stand still where it is: something failed. */
  stop() {
    for (const one of this.envelopes.values()) one.failed = true;
    this.showAll();
    this.say(say("progress.stopped"));
    document.title = this.title;
  }

  say(text) {
    this.line.textContent = text;
  }

  tellPace(done, size) {
    const judged = this.pace.judge(size - done, this.remaining());
    const facts = { done: sizeText(done), size: sizeText(size), percent: Math.floor((100 * done) / size) };
    document.title = `${facts.percent}% ${this.title}`;
    if (!judged || done === size) {
      this.say(say("progress.uploading", facts));
      this.bar.hidden = true;
      return;
    }
    Object.assign(facts, { rate: sizeText(judged.rate), eta: spanText(judged.eta), left: spanText(this.remaining()) });
    this.say(say("progress.uploading_at", facts));
    this.bar.hidden = !judged.urgency;
    if (judged.urgency) this.bar.textContent = say(`pace.${judged.urgency}`, facts);
  }

  tellWaiting(waiting) {
    if (!waiting) return;
    const now = new Date(serverNow() + 8 * 3600_000).toISOString().slice(11, 19);
    this.say(say("progress.waiting", { reason: explain({ code: waiting.code }).reason, seconds: waiting.seconds, at: now }));
  }

  showAll() {
    for (const one of this.envelopes.values()) this.show(one);
  }

  show({ element, meter, step, share, failed }) {
    const stateOf = (at) => (at < step ? "done" : at > step ? "next" : failed ? "failed" : "current");
    showSteps(element.querySelector(".steps"), STEPS.map((name, at) => ({ label: say(`step.${name}`), state: stateOf(at) })));
    meter.value = step >= STEPS.length ? 1 : share;
  }
}

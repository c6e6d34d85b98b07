// Talking to the platform as programs do: no cookie ever, a short-lived bearer where one is asked for.

import { base64, joined } from "./notation.js";
import { Refusal } from "./refusal.js";

const WAITS = [1, 2, 4, 8, 15]; // seconds between tries while the line is broken; the last one repeats
const SILENCE = 90_000;

export class Server {
  /**
   * `language` is what refusals come in; `onWaiting({seconds, tries} or null)` is told while the line is broken;
   * `onPasskey(options)` gives the person's answer by passkey where an act asks for it.
   */
  constructor(language, onWaiting = () => {}, onPasskey = () => { throw new Refusal("passkey.unsupported"); }) {
    this.language = language;
    this.onWaiting = onWaiting;
    this.onPasskey = onPasskey;
    this.bearer = null;
    this.stopped = false;
  }

  /** One request; Refusal("server.unreachable") when no answer came, the server's own refusal otherwise. */
  async ask(path, { headers = {}, ...options } = {}) {
    let answer;
    try {
      answer = await fetch(path, {
        credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(SILENCE), ...options,
        headers: { Accept: "application/problem+json, application/json", "Accept-Language": this.language, ...headers },
      });
    } catch {
      throw new Refusal("server.unreachable");
    }
    if (answer.ok) return answer;
    let told = {};
    try {
      told = await answer.json();
    } catch {
      // A HEAD answer, or a proxy's page: the status says what there is to say.
    }
    const known = { 401: "signin.required", 404: "http.not_found", 413: "http.too_large", 429: "http.too_many" };
    const code = told.code ?? known[answer.status] ?? (answer.status >= 500 ? "server.failed" : "http.bad_request");
    const after = Number(answer.headers.get("Retry-After")) || 0;
    throw new Refusal(code, { status: answer.status, after, ...told.facts }, told.detail ?? "");
  }

  /** The attempt's result, tried again while the line is broken or the server is busy; refusals are final at once. */
  async patient(attempt) {
    for (let tries = 1; ; tries += 1) {
      try {
        const result = await attempt();
        this.onWaiting(null);
        return result;
      } catch (refusal) {
        const passing = ["server.unreachable", "server.failed", "http.busy", "http.too_many", "upload.cut"];
        if (this.stopped || !passing.includes(refusal.code)) throw refusal;
        const seconds = Math.max(WAITS[Math.min(tries, WAITS.length) - 1], refusal.facts.after ?? 0);
        this.onWaiting({ seconds, tries, code: refusal.code });
        await pause(seconds);
      }
    }
  }

  /** Sign in with the certificate; the bearer stays in this object and goes with the page. */
  async signIn(keys) {
    const json = { "Content-Type": "application/json" };
    const asked = await this.patient(() => this.ask("/api/login/challenge", { method: "POST" }));
    const { challenge, domain } = await asked.json();
    if (domain !== "sunbid-login/v1\n") throw new Refusal("server.failed", { status: 200 });
    const signature = base64(await keys.sign(joined("sunbid-login/v1\n", challenge)));
    const body = JSON.stringify({ certificate: keys.certificate, challenge, signature });
    const answer = await this.patient(() => this.ask("/api/login/certificate", { method: "POST", headers: json, body }));
    this.bearer = (await answer.json()).token;
  }

  /** A request with the bearer, renewed once where it has run out, confirmed by passkey once where that is asked for. */
  async askSigned(keys, path, { headers = {}, ...options }) {
    for (let [fresh, confirmed] = [false, false]; ; ) {
      if (!this.bearer) await this.signIn(keys);
      const bearer = { Authorization: `Bearer ${this.bearer}` };
      try {
        return await this.ask(path, { ...options, headers: { ...headers, ...bearer } });
      } catch (refusal) {
        if (refusal.code === "passkey.required" && !confirmed) {
          confirmed = true;
          await this.confirm(bearer);
        } else if (refusal.code === "signin.required" && !fresh) {
          fresh = true;
          this.bearer = null;
        } else throw refusal;
      }
    }
  }

  /** A new bearer that a passkey of the person has confirmed. */
  async confirm(bearer) {
    const headers = { ...bearer, "Content-Type": "application/json" };
    const asked = await this.ask("/login/confirm/options", { method: "POST", headers, body: "{}" });
    const credential = await this.onPasskey(await asked.json());
    const answer = await this.ask("/login/confirm", { method: "POST", headers, body: JSON.stringify({ credential }) });
    this.bearer = (await answer.json()).token;
  }
}

/** Some seconds, or less when the machine comes back on line. */
function pause(seconds) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    addEventListener("online", done);
  });
}

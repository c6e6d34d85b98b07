// A signing key behind a program on this machine: a CA lock's own, or `sunbid account agent` (docs/CA-LOCKS.md).

import { Refusal } from "./refusal.js";

const MOST_LOCKS = 8;
const SECONDS = 180; // a person confirms at the terminal or types a PIN into the lock

async function ask(address, path, body) {
  let answer;
  try {
    answer = await fetch(address + path, {
      method: body ? "POST" : "GET",
      headers: { Accept: "application/json", "X-Sunbid-Agent": "1", ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(SECONDS * 1000),
    });
  } catch {
    throw new Refusal("agent.unreachable", { address });
  }
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(String(value.code ?? "agent.failed"), { address });
  return value;
}

/** The certificate (PEM) the program signs with. */
export async function agentCertificate(address) {
  return String((await ask(address, "/v1/certificate")).certificate ?? "");
}

/** Serial numbers of the locks in this machine, as the program tells; none where it does not know the question. */
export async function agentLocks(address) {
  const { locks } = await ask(address, "/v1/device").catch((refused) => (refused.code === "agent.failed" ? {} : Promise.reject(refused)));
  const told = (Array.isArray(locks) ? locks : []).filter((one) => typeof one === "string" && /^[\x20-\x7e]{1,80}$/.test(one));
  return [...new Set(told)].slice(0, MOST_LOCKS);
}

/** A signer behind the program at `address`; it signs with the certificate of that fingerprint or refuses. */
export function agentSigner(address, fingerprint) {
  return {
    async sign(message) {
      const text = btoa(Array.from(new Uint8Array(message), (byte) => String.fromCharCode(byte)).join(""));
      const { signature } = await ask(address, "/v1/sign", { fingerprint, message: text });
      return Uint8Array.from(atob(signature), (sign) => sign.charCodeAt(0));
    },
  };
}

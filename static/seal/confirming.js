// A bidder's passkey as second factor: asked for where the platform refuses an act with passkey.required.

import { Refusal } from "./refusal.js";

/** What the browser's passkey answers to the platform's `options`; passkey.cancelled, passkey.unsupported. */
export async function answerByPasskey(options) {
  const usable = globalThis.isSecureContext && globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON;
  if (!usable) throw new Refusal("passkey.unsupported");
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    return (await navigator.credentials.get({ publicKey })).toJSON();
  } catch {
    throw new Refusal("passkey.cancelled");
  }
}

/** `attempt()`, and once more after the passkey has confirmed, where it is asked for; `post(address, body)` gives JSON. */
export async function withPasskey(attempt, post, tell = () => {}) {
  try {
    return await attempt();
  } catch (refusal) {
    if (refusal.code !== "passkey.required") throw refusal;
    tell();
    const credential = await answerByPasskey(await post("/login/confirm/options", {}));
    await post("/login/confirm", { credential });
    return attempt();
  }
}

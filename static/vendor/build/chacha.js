// The cipher under typage in WebAssembly (libsodium), in JavaScript where the browser may not compile: build.sh puts it in
// the place of @noble/ciphers/chacha.js when it joins age-sodium.js.
import sodium from "libsodium-wrappers";
import { chacha20poly1305 as slow } from "./node_modules/@noble/ciphers/chacha.js";

let compiled = false;

/** Settled when it is known whether the browser may compile; until then JavaScript does it. */
export const ready = sodium.ready.then(() => { compiled = true; }, () => {});

const fast = (key, nonce) => ({
  encrypt: (plain) => sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plain, null, null, nonce, key),
  decrypt: (sealed) => sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, null, nonce, key),
});

export const chacha20poly1305 = (key, nonce) => (compiled ? fast : slow)(key, nonce);

// What static/seal/bulk.worker.js takes from typage, with libsodium's ChaCha20-Poly1305 under it (chacha.js).
export { Decrypter, Encrypter } from "age-encryption";
export { ready } from "./chacha.js";

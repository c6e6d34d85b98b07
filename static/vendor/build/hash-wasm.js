// SHA-256 piece by piece in WebAssembly: only static/seal/hash.worker.js may compile it.
export { createSHA256 } from "hash-wasm";

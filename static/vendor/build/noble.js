// What the pages take from @noble: hashing piece by piece, and handles.
export { ed25519 } from "@noble/curves/ed25519.js";
export { sha256 } from "@noble/hashes/sha2.js";

// The letters age writes keys in.
export { bech32 } from "@scure/base";

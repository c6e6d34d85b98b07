// RFC 8785.
export { default as canonicalize } from "canonicalize";

// Resumable uploads (docs/spec/submission.md §2): parts of at most 8 MiB, each from where the server says it is.

import { base64, utf8 } from "./notation.js";
import { need } from "./refusal.js";

const LEAST = 128 * 1024;
const MOST = 8 * 2 ** 20;
const TUS = { "Tus-Resumable": "1.0.0" };
const TYPE = "application/offset+octet-stream";

let part = 2 ** 20; // grows and shrinks with the line, so that a part takes some seconds

/**
 * Bring `blob`, whose hex hash is `sha256`, to the server whole; its hash was compared there when this returns.
 *
 * `known` is the address of an earlier try or undefined, `keep(address)` remembers a new one. `onProgress(bytes)` is
 * told what the server holds.
 */
export async function uploadObject(server, keys, { blob, sha256, known, keep, onProgress }) {
  let { location, offset } = (known && (await standing(server, known))) || {};
  if (location === undefined) ({ location, offset } = await opened(server, keys, blob, sha256, keep));
  onProgress(offset);
  let lost = 0;
  while (offset < blob.size) {
    try {
      offset = await append(server, location, blob, offset);
    } catch (refusal) {
      const moved = ["upload.offset", "upload.busy", "upload.cut", "server.unreachable"].includes(refusal.code);
      const gone = ["upload.unknown", "object.hash"].includes(refusal.code);
      if (gone) need((lost += 1) <= 2, refusal.code, refusal.facts);
      else if (!moved) throw refusal;
      if (refusal.code === "upload.busy") await new Promise((resolve) => { setTimeout(resolve, 1000); });
      part = Math.max(LEAST, part / 2);
      const found = gone ? null : await server.patient(() => standing(server, location));
      if (found) ({ offset } = found);
      else ({ location, offset } = await opened(server, keys, blob, sha256, keep));
    }
    onProgress(offset);
  }
}

/** Whether the server holds the object whole; asked again at the end, so that "compared" is what the server says now. */
export async function isWhole(server, location, size) {
  const found = await server.patient(() => standing(server, location));
  return found !== null && found.offset === size;
}

async function append(server, location, blob, offset) {
  const body = blob.slice(offset, Math.min(offset + part, blob.size));
  const began = performance.now();
  const headers = { ...TUS, "Content-Type": TYPE, "Upload-Offset": String(offset) };
  const answer = await server.ask(location, { method: "PATCH", headers, body });
  const took = performance.now() - began;
  if (took < 1500) part = Math.min(MOST, part * 2);
  if (took > 8000) part = Math.max(LEAST, part / 2);
  server.onWaiting(null);
  return Number(answer.headers.get("Upload-Offset"));
}

async function standing(server, location) {
  try {
    const answer = await server.ask(location, { method: "HEAD", headers: TUS });
    return { location, offset: Number(answer.headers.get("Upload-Offset")) };
  } catch (refusal) {
    if (refusal.facts.status === 404) return null;
    throw refusal;
  }
}

async function opened(server, keys, blob, sha256, keep) {
  const headers = {
    ...TUS, "Upload-Length": String(blob.size), "Upload-Metadata": `sha256 ${base64(utf8(sha256))}`,
  };
  const answer = await server.patient(() => server.askSigned(keys, "/files", { method: "POST", headers }));
  const location = new URL(answer.headers.get("Location"), globalThis.location.origin).pathname;
  await keep(location);
  return { location, offset: Number(answer.headers.get("Upload-Offset")) };
}

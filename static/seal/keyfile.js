// The backup: everything of one person's keys in one age identity file, wrapped by a passphrase (scrypt), so that stock
// `age -d` reads it and `age -d -i` even uses it as it is. `sunbid account restore` makes the program's folder of it.

import { base64Of, bytesOf, derOf, fromBase64, hexOf, pemOf } from "./keys.js";
import { Refusal } from "./refusal.js";

const TYPE = "# sunbid-keys/v1";
export const LEAST = 12; // characters of a passphrase
const LINES = { secret: /^[0-9a-f]{64}$/, certificate: /^[A-Za-z0-9+/=]+$/, key: /^[A-Za-z0-9+/=]+$/, section: /^[A-Za-z0-9][\w.:-]{0,79}$/ };

/** The text of a key file. `parts`: {identity, secret: bytes, certificate?: PEM, key?: PKCS #8, section?}. */
export function writeKeyFile({ identity, secret, certificate, key, section }) {
  const lines = [TYPE, `# sunbid-secret: ${hexOf(secret)}`];
  if (section) lines.push(`# sunbid-section: ${section}`);
  if (certificate) lines.push(`# sunbid-certificate: ${base64Of(derOf(certificate, "CERTIFICATE"))}`);
  if (key) lines.push(`# sunbid-key: ${base64Of(key)}`);
  return [...lines, identity, ""].join("\n");
}

/** The parts of a key file; Refusal("keyfile.unreadable") for anything else. */
export function readKeyFile(text) {
  const lines = text.split(/\r?\n/).filter(Boolean);
  const found = {};
  if (lines.shift() !== TYPE) throw new Refusal("keyfile.unreadable", { place: "type" });
  for (const line of lines) {
    const [, name, value] = /^# sunbid-([a-z]+): (.*)$/.exec(line) ?? [];
    const known = name in LINES ? LINES[name].test(value) : /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/.test(line);
    const place = name in LINES ? name : "identity";
    if (!known || place in found) throw new Refusal("keyfile.unreadable", { place });
    found[place] = name in LINES ? value : line;
  }
  if (!found.identity || !found.secret) throw new Refusal("keyfile.unreadable", { place: "identity" });
  return {
    identity: found.identity,
    secret: bytesOf(found.secret),
    certificate: found.certificate ? pemOf(fromBase64(found.certificate), "CERTIFICATE") : null,
    key: found.key ? fromBase64(found.key) : null,
    section: found.section ?? null,
  };
}

/** The files of a `sunbid account` folder, by name → text, as parts. */
export function readFolder(files) {
  const text = (name) => {
    if (files[name] === undefined) throw new Refusal("folder.missing", { file: name });
    return files[name].trim();
  };
  const key = derOf(text("key.pem"), "PRIVATE KEY");
  if (!key) throw new Refusal("folder.key");
  if (!derOf(text("certificate.pem"), "CERTIFICATE")) throw new Refusal("certificate.unreadable");
  return {
    identity: text("bid.age"),
    secret: bytesOf(text("bidder-secret")),
    certificate: `${text("certificate.pem")}\n`,
    key,
  };
}

/** A passphrase of 100 bits in groups a person can copy by hand: no letter looks like another. */
export function proposePassphrase() {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  const signs = [];
  while (signs.length < 20) {
    const [drawn] = crypto.getRandomValues(new Uint8Array(1));
    if (drawn < 248) signs.push(letters[drawn % 31]);
  }
  return signs.join("").replace(/.{4}(?=.)/g, "$&-");
}

// scrypt takes a second or two of one core: in a Worker, so that the page lives on.
function inWorker(task) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./passphrase.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => {
      worker.terminate();
      if (data.code) reject(new Refusal(data.code));
      else resolve(data.content);
    };
    worker.onerror = () => {
      worker.terminate();
      reject(new Refusal("worker.failed"));
    };
    worker.postMessage(task);
  });
}

/** The text, encrypted to the passphrase: an age file. Refusal("keyfile.passphrase") below 12 characters. */
export async function wrap(text, passphrase) {
  if ([...passphrase].length < LEAST) throw new Refusal("keyfile.passphrase", { least: LEAST });
  return inWorker({ verb: "wrap", content: new TextEncoder().encode(text), passphrase });
}

/** The text of an encrypted key file; Refusal("keyfile.password") or ("keyfile.unreadable"). */
export async function unwrap(bytes, passphrase) {
  return new TextDecoder().decode(await inWorker({ verb: "unwrap", content: bytes, passphrase }));
}

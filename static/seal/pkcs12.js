// A certificate with its key out of a .p12 file (PKCS #12, RFC 7292), read in the page; the file goes nowhere.

import { pemOf } from "./keys.js";
import { Refusal } from "./refusal.js";
import { Certificate, ContentInfo, PFX } from "../vendor/pki.js";

const PBES2 = "1.2.840.113549.1.5.13";
const KEY_BAG = "1.2.840.113549.1.12.10.1.1";
const SHROUDED_BAG = "1.2.840.113549.1.12.10.1.2";
const CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.3";

const bufferOf = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);

/** The SubjectPublicKeyInfo of a certificate (PEM). */
export function publicKeyOf(pem) {
  try {
    const body = atob(pem.replace(/-----[^-]+-----|\s/g, ""));
    const certificate = Certificate.fromBER(Uint8Array.from(body, (sign) => sign.charCodeAt(0)).buffer);
    return certificate.subjectPublicKeyInfo.toSchema().toBER(false);
  } catch {
    throw new Refusal("certificate.unreadable");
  }
}

/**
 * {certificate: PEM, key: PKCS #8 bytes} of the file's signing certificate.
 *
 * Refusal with p12.unreadable, p12.password, p12.legacy (an encryption of before 2016 that browsers do not have),
 * p12.empty (no key, no certificate, or none that belong together), key.algorithm.
 */
export async function readP12(bytes, password) {
  const secret = bufferOf(new TextEncoder().encode(password));
  const safe = await openSafe(bytes, secret);
  const keys = [];
  const certificates = [];
  for (const { value } of safe.parsedValue.safeContents) {
    for (const bag of value.safeBags) {
      if (bag.bagId === KEY_BAG) keys.push(new Uint8Array(bag.bagValue.toSchema().toBER(false)));
      if (bag.bagId === SHROUDED_BAG) keys.push(await unshroud(bag.bagValue, secret));
      if (bag.bagId === CERTIFICATE_BAG && bag.bagValue.parsedValue instanceof Certificate) {
        certificates.push(pemOf(bag.bagValue.parsedValue.toSchema(true).toBER(false), "CERTIFICATE"));
      }
    }
  }
  const { belongTogether } = await import("./keys.js");
  let refusal = new Refusal("p12.empty");
  for (const key of keys) {
    for (const certificate of certificates) {
      try {
        if (await belongTogether(certificate, key)) return { certificate, key };
      } catch (error) {
        if (error.code !== "key.algorithm") throw error;
        if (refusal.code === "p12.empty") refusal = error;
      }
    }
  }
  throw refusal;
}

async function openSafe(bytes, secret) {
  let file;
  try {
    file = PFX.fromBER(bufferOf(bytes));
  } catch {
    throw new Refusal("p12.unreadable");
  }
  try {
    await file.parseInternalValues({ password: secret, checkIntegrity: true });
  } catch (error) {
    throw new Refusal(/[Ii]ntegrity/.test(error.message) ? "p12.password" : "p12.unreadable");
  }
  const safe = file.parsedValue.authenticatedSafe;
  for (const content of safe.safeContents) {
    if (content.contentType !== ContentInfo.ENCRYPTED_DATA) continue;
    const algorithm = content.content?.valueBlock?.value?.[1]?.valueBlock?.value?.[1]?.valueBlock?.value?.[0];
    if (algorithm?.valueBlock?.toString() !== PBES2) throw new Refusal("p12.legacy");
  }
  try {
    const how = ({ contentType }) => (contentType === ContentInfo.ENCRYPTED_DATA ? { password: secret } : {});
    await safe.parseInternalValues({ safeContents: safe.safeContents.map(how) });
  } catch {
    throw new Refusal("p12.unreadable");
  }
  return safe;
}

async function unshroud(bag, secret) {
  if (bag.encryptionAlgorithm.algorithmId !== PBES2) throw new Refusal("p12.legacy");
  try {
    await bag.parseInternalValues({ password: secret });
  } catch {
    throw new Refusal("p12.unreadable");
  }
  return new Uint8Array(bag.parsedValue.toSchema().toBER(false));
}

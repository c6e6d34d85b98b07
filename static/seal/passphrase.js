// A Worker that wraps and unwraps by passphrase: age's scrypt recipient, work factor 2^18 as the age command's.

import { Decrypter, Encrypter } from "../vendor/age.js";

const MAGIC = "age-encryption.org/v1\n-> scrypt ";

async function wrap({ content, passphrase }) {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(18);
  return { content: await encrypter.encrypt(content) };
}

async function unwrap({ content, passphrase }) {
  if (new TextDecoder("latin1").decode(content.subarray(0, MAGIC.length)) !== MAGIC) return { code: "keyfile.unreadable" };
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return { content: await decrypter.decrypt(content) };
  } catch (error) {
    return { code: /no identity matched/.test(error.message) ? "keyfile.password" : "keyfile.unreadable" };
  }
}

onmessage = async ({ data }) => {
  try {
    postMessage(await (data.verb === "wrap" ? wrap(data) : unwrap(data)));
  } catch (error) {
    postMessage({ code: "worker.failed", why: String(error) });
  }
};

// The folder of a submitted bid as `sunbid` keeps it (bidding/cli/folder.py), as one .zip: all that only the bidder has.

import { Zip, ZipPassThrough } from "../vendor/fflate.js";
import { canonical, utf8 } from "./notation.js";

/** A Blob of what the browser keeps of a submitted bid; the sealed files themselves are the platform's to hold. */
export function packFolder({ receipt, submission, identity, policy, platformKey, later, documents, private: secrets }, server) {
  const text = (value) => utf8(`${JSON.stringify(value, null, 1)}\n`);
  const files = {
    "receipt.json": text(receipt),
    "submission.json": canonical(submission),
    ...(secrets ? { "private.json": text(secrets) } : {}),
    ...(policy ? { "policy.json": canonical(policy) } : {}),
    "destination.json": text({ server, platform_key: platformKey, trust: null, later, documents }),
    ...Object.fromEntries(Object.entries(identity).map(([set, sealed]) => [`identity.${set}.age`, sealed])),
  };
  const parts = [];
  const zip = new Zip((error, block) => {
    if (error) throw error;
    parts.push(block.slice());
  });
  for (const [name, bytes] of Object.entries(files)) {
    const member = new ZipPassThrough(name);
    member.mtime = new Date(1980, 0, 1);
    zip.add(member);
    member.push(bytes, true);
  }
  zip.end();
  return new Blob(parts, { type: "application/zip" });
}

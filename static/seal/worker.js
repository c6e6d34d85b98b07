// The worker behind the page: checks, seals, uploads, commits. The page only shows; keys and plaintext stay here.

import { inspect } from "./checks.js";
import { digestFile } from "./digester.js";
import { deviceFacts } from "./device.js";
import { bulkOf, bulkPlace, draftOf, dropDraft, keep, keepDraft, keptOf, newFolder, roomLeft } from "./drafts.js";
import { openKeys } from "./keys.js";
import { stepFor } from "./ladder.js";
import { base64, bytesOf, hashHex } from "./notation.js";
import { opensLater, policyDigest, validatePolicy } from "./policy.js";
import { verifyReceipt } from "./receipt.js";
import { Refusal, need } from "./refusal.js";
import { seal } from "./sealing.js";
import { pin, pinned } from "./sections.js";
import { Server } from "./server.js";
import { handleOf } from "./submission.js";
import { isWhole, uploadObject } from "./upload.js";

const state = { section: "", keys: null, handle: "", server: null, passkey: null };
const tell = (event, facts) => postMessage({ event, ...facts });

const CALLS = {
  /** Who is here and what there is: keys, what was sealed and not submitted, what the platform holds. */
  async begin({ section, owner, language }) {
    const keys = await openKeys(owner);
    const server = new Server(language, (waiting) => tell("waiting", { waiting }), askPasskey);
    Object.assign(state, { section, keys, server });
    if (!keys) return { keys: null, draft: null, held: [] };
    state.handle = handleOf(await keys.handleSeed(section));
    const { name, uscc, person, notAfter, light } = keys;
    const draft = await draftOf(state.handle);
    const until = (await published()).deadline;
    return { until, keys: { name, uscc, person, notAfter, light }, handle: state.handle, draft: shownDraft(draft), held: await held() };
  },

  /** A file's findings and, where none blocks it, its hash. */
  async check({ id, file, anonymous = false }) {
    try {
      const { name = "", uscc = "", person = "" } = state.keys ?? {};
      const findings = await inspect(file, anonymous ? [name, uscc, person] : null);
      if (findings.some(({ level }) => level === "block")) return { findings, sha256: null, pieces: [] };
      return { findings, ...(await digestFile(file, id, (done) => tell("checked", { id, done }))) };
    } catch (error) {
      const { code, facts } = error.code ? error : { code: "file.unreadable", facts: { name: file.name } };
      return { findings: [{ level: "block", code, facts }], sha256: null, pieces: [] };
    }
  },

  /** Seal `files` (envelope → [{slot, name, size, sha256, pieces, file}]), or a withdrawal (null); kept as the draft. */
  async seal({ files, facts }) {
    const told = await published();
    await pinTerms(told);
    const total = Object.values(files ?? {}).reduce((sum, list) => sum + foreseen(list), 0);
    need((await roomLeft()) > total * 1.01 + 2 ** 20, "store.full", { size: total });
    const after = (await held()).at(-1) ?? null;
    if (files === null) need(after && after.kind !== "withdraw", "client.nothing_to_withdraw");
    const folder = await newFolder(state.section);
    const earlier = await draftOf(state.handle);
    const made = await seal({
      policy: told.policy, keys: state.keys, files, after, open: (envelope) => bulkPlace(folder, envelope),
      facts: { ...facts, device: await deviceFacts(state.keys), prepared_at: new Date(Date.parse(told.now)).toISOString() },
      onProgress: throttled((envelope, done, size) => tell("sealed", { envelope, done, size })),
    });
    const draft = {
      handle: state.handle, section: state.section, folder, policy: told.policy, platformKey: told.platform_key,
      later: opensLater(told.envelopes), documents: told.documents,
      files: summary(files), uploads: {}, sealedAt: told.now, ...made,
    };
    await keepDraft(draft);
    if (earlier) await dropFiles(earlier, draft);
    return shownDraft(draft);
  },

  /** Upload and commit the draft; the verified receipt. Safe to repeat after any failure. */
  async send() {
    const draft = await draftOf(state.handle);
    need(draft, "client.no_draft");
    const done = (await held()).find(({ digest }) => digest === draft.digest);
    if (done) return finish(draft, done.receipt);
    const { digest, policy } = await published();
    need(digest === policyDigest(draft.policy), "policy.changed", { given: draft.policy.version, expected: policy.version });
    await uploadAll(draft);
    tell("committing", {});
    const body = JSON.stringify({
      submission: draft.submission, leaf_commitment: draft.leaf, idempotency_key: `commit-${draft.digest}`,
      identity: Object.fromEntries(Object.entries(draft.identity).map(([set, sealed]) => [set, base64(sealed)])),
    });
    const { server, keys, section } = state;
    const headers = { "Content-Type": "application/json" };
    const answer = await server.patient(() =>
      server.askSigned(keys, `/sections/${encodeURIComponent(section)}/submissions`, { method: "POST", headers, body }));
    return finish(draft, await answer.json());
  },

  /** Forget what was sealed and not submitted. */
  async discard() {
    const draft = await draftOf(state.handle);
    if (draft) await dropDraft(draft);
  },

  held,

  /** What the page's passkey answered, or the refusal it came to: only a page can ask the person. */
  async passkey({ credential, refusal }) {
    if (refusal) state.passkey?.reject(new Refusal(refusal.code, refusal.facts));
    else state.passkey?.resolve(credential);
  },

  /** What is kept on this machine of a submitted bid, with what only the bidder knows; or null. */
  kept: async ({ digest }) => (await keptOf(digest)) ?? null,
};

/** Pin in this browser what the day's page will check: the platform's key, the policy, what waits for a second sitting. */
async function pinTerms({ policy, envelopes, platform_key: key }) {
  const held = await pinned(state.section);
  need(!held || held.platform_key === key, "client.other_key");
  const known = held?.policies ?? [];
  const policies = known.some((one) => policyDigest(one) === policyDigest(policy)) ? known : [...known, policy];
  await pin(state.section, { platform_key: key, policies, later: opensLater(envelopes) });
}

function askPasskey(options) {
  return new Promise((resolve, reject) => {
    state.passkey = { resolve, reject };
    tell("passkey", { options });
  });
}

/** Everything the platform holds under the handle, oldest first; nobody is signed in for this. */
async function held() {
  const path = `/sections/${encodeURIComponent(state.section)}/submissions/${state.handle}`;
  try {
    const answer = await state.server.patient(() => state.server.ask(path));
    return (await answer.json()).submissions;
  } catch (refusal) {
    if (refusal.code === "bid.unknown") return [];
    throw refusal;
  }
}

/** The newest policy, valid and with the digest the server announces. */
async function published() {
  const path = `/sections/${encodeURIComponent(state.section)}/policy.json`;
  const answer = await state.server.patient(() => state.server.ask(path));
  const told = await answer.json();
  validatePolicy(told.policy);
  need(policyDigest(told.policy) === told.digest && told.policy.section === state.section, "client.policy");
  return told;
}

async function uploadAll(draft) {
  const { server, keys } = state;
  const objects = [];
  for (const [envelope, { bulk, keys: entries }] of Object.entries(draft.submission.envelopes ?? {})) {
    for (const [set, entry] of Object.entries(entries)) {
      objects.push({ envelope, ...entry, blob: new Blob([draft.packages[envelope][set]]) });
    }
    objects.push({ envelope, ...bulk, blob: await bulkOf(draft.folder, envelope, bulk.size) });
  }
  // Small ones first: what is wrong shows before the gigabytes.
  objects.sort((one, other) => one.size - other.size);
  const total = objects.reduce((sum, { size }) => sum + size, 0);
  const came = new Map(objects.map(({ sha256 }) => [sha256, 0]));
  const report = (envelope) => {
    const mine = objects.filter((object) => object.envelope === envelope);
    const sum = (list, of) => list.reduce((size, object) => size + of(object), 0);
    tell("uploaded", {
      envelope, done: sum(mine, ({ sha256 }) => came.get(sha256)), size: sum(mine, ({ size }) => size),
      allDone: sum(objects, ({ sha256 }) => came.get(sha256)), allSize: total,
    });
  };
  for (const { envelope, sha256, blob } of objects) {
    await uploadObject(server, keys, {
      blob, sha256, known: draft.uploads[sha256],
      keep: async (location) => {
        draft.uploads[sha256] = location;
        await keepDraft(draft);
      },
      onProgress: (done) => {
        came.set(sha256, done);
        report(envelope);
      },
    });
  }
  for (const envelope of Object.keys(draft.submission.envelopes ?? {})) {
    const mine = objects.filter((object) => object.envelope === envelope);
    for (const { sha256, size } of mine) need(await isWhole(server, draft.uploads[sha256], size), "upload.unknown");
    tell("compared", { envelope });
  }
}

/** Check the receipt, keep it with what only the bidder knows, forget the sealed files. */
async function finish(draft, receipt) {
  const packages = Object.fromEntries(Object.entries(draft.identity).map(([set, sealed]) => [set, hashHex(sealed)]));
  const own = { leafSalt: bytesOf(draft.private.leaf_salt), digest: draft.digest, packages };
  verifyReceipt(receipt, draft.platformKey, own);
  const { digest, handle, identity, submission, platformKey, policy, later, documents } = draft;
  const parts = { digest, handle, private: draft.private, identity, submission };
  const record = { ...parts, policy, platformKey, later, documents, receipt };
  await keep(record);
  await dropDraft(draft);
  return { record, files: draft.files };
}

async function dropFiles(earlier, draft) {
  if (earlier.folder === draft.folder) return;
  await dropDraft(earlier);
  await keepDraft(draft);
}

function foreseen(files) {
  return stepFor(files.reduce((sum, { size }) => sum + size + 2048, 64 * 1024));
}

function summary(files) {
  if (files === null) return null;
  const short = ({ slot, name, size, sha256 }) => ({ slot, name, size, sha256 });
  return Object.fromEntries(Object.entries(files).map(([envelope, list]) => [envelope, list.map(short)]));
}

function shownDraft(draft) {
  if (!draft) return null;
  const { digest, files, sealedAt, submission, policy } = draft;
  return { digest, files, sealedAt, kind: submission.kind, policyVersion: policy.version };
}

/** At most ten calls a second; what reaches its end is always told. */
function throttled(call) {
  let last = 0;
  return (envelope, done, size) => {
    if (done < size && performance.now() - last < 100) return;
    last = performance.now();
    call(envelope, done, size);
  };
}

addEventListener("message", async ({ data: { id, call, given } }) => {
  try {
    postMessage({ id, value: await CALLS[call](given) });
  } catch (error) {
    const { code = "page.failed", facts = {}, detail = "" } = error;
    postMessage({ id, refusal: { code, facts: code === "page.failed" ? { reason: String(error) } : facts, detail } });
    if (code === "page.failed") console.error(error);
  }
});


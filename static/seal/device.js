// What a page can say of the machine it runs on: hardware numbers are closed to it, locks a program there can tell.

import { agentLocks } from "./agent.js";
import { deviceName } from "./drafts.js";

const TOOL = "sunbid page";

/** The machine's facts as they are sealed; `locks` where the keys' own program on it finds some. */
export async function deviceFacts({ agent }) {
  const locks = agent ? await agentLocks(agent) : [];
  const facts = { mac: "", disk: "", cpu: "", host: await deviceName(), tool: `${TOOL}; ${navigator.userAgent}`.slice(0, 300) };
  return locks.length ? { ...facts, locks } : facts;
}

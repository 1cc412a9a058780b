// An open connection that nobody waits for leaves the page alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { browsers, open, print } from "./harness.js";

const FLOOD_MS = 1_000;
const SETTLE_MS = 1_000;
const IDLE_MS = 60_000;

// All at the same time: each has a screen of its own, and they do nothing.
test("an open socket that nobody waits for wakes nobody in a minute", { concurrency: true }, (t) =>
  Promise.all(browsers.map((browser) => t.test(`in ${browser.engine}`, (t) => idle(t, browser)))),
);

function idle(t, browser) {
  return open(t, browser, (tab) => expectSilence(tab, browser.engine), { path: "/?count" });
}

async function expectSilence(tab, engine) {
  await tab.call("connect", "/sink");
  await tab.call("flood");
  await sleep(FLOOD_MS);
  await tab.call("endFlood");
  await sleep(SETTLE_MS);
  const before = await tab.call("wakeups");
  print(`${engine}: woken by the flood: ${JSON.stringify(before)}`);
  assert.ok(Object.keys(before).some((name) => name.endsWith("callback")), "the flood must be counted");
  await sleep(IDLE_MS);
  assert.deepEqual(await tab.call("wakeups"), before);
}

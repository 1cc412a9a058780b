// A sender goes on at speed while its page is hidden, also when the browser throttles timers in full.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { browsers, open, print } from "./harness.js";

const MIB = 1 << 20;
const WARM_UP_MS = 1_000;
const VISIBLE_MS = 4_000;
const HIDING_MS = 3_000;
const HIDDEN_MS = 7_000;
// Chromium wakes chained timers once a minute from the 60th second on.
const FULLY_THROTTLED_MS = 64_000;
const LATE_MS = 12_000;

const LEAST_RATIO = 0.5;

// One engine after the other: one that lacks the processor would be slow for that reason.
for (const browser of browsers) {
  test(`a hidden page sends at least half as fast as a visible one in ${browser.engine}`, (t) =>
    open(t, browser, async (tab, server) => {
      const measure = (milliseconds) => measureWindow(tab, server, milliseconds);
      await tab.call("connect", "/sink?id=drain");
      await tab.call("flood");
      await sleep(WARM_UP_MS);
      const visible = await measure(VISIBLE_MS);
      await tab.hide();
      const hiddenAt = Date.now();
      await sleep(HIDING_MS);
      const hidden = await measure(HIDDEN_MS);
      await sleep(hiddenAt + FULLY_THROTTLED_MS - Date.now());
      const late = await measure(LATE_MS);
      print(`${browser.engine}, MiB/s: visible ${visible}; hidden ${hidden}; hidden for a minute ${late}`);
      for (const { rate } of [hidden, late])
        assert.ok(rate >= LEAST_RATIO * visible.rate, `${rate.toFixed(1)} MiB/s hidden`);
    }));
}

async function measureWindow(tab, server, milliseconds) {
  const before = await look(tab, server);
  await sleep(milliseconds);
  const after = await look(tab, server);
  const seconds = (after.at - before.at) / 1_000;
  const rate = (after.bytes - before.bytes) / MIB / seconds;
  const polls = (after.polls - before.polls) / seconds;
  const toString = () =>
    `${rate.toFixed(1)} (${polls.toFixed(0)} polls/s, peak bufferedAmount ${after.peak} B)`;
  return { rate, toString };
}

async function look(tab, server) {
  const figures = await tab.call("figures");
  const [{ received }] = server.control.connections("drain");
  return { ...figures, bytes: received.bytes };
}

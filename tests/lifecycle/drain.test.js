// A sender goes on at speed while its page is hidden, also when the browser throttles timers in full.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { browsers, open, print } from "./harness.js";
import { measureWindow } from "./rate.js";

const WARM_UP_MS = 1_000;
const VISIBLE_MS = 4_000;
const HIDING_MS = 3_000;
const HIDDEN_MS = 7_000;
// Chromium wakes chained timers once a minute from the 60th second on.
const FULLY_THROTTLED_MS = 64_000;
const LATE_MS = 12_000;

// What should be held, and is printed; and what fails: polled by throttled timers it is 0.01 of the visible rate, and
// on a machine that is busy otherwise a hidden page gets less of it.
const WANTED_RATIO = 0.5;
const LEAST_RATIO = 0.2;

// One engine after the other: one that lacks the processor would be slow for that reason.
for (const browser of browsers) {
  test(`a hidden page sends on at speed in ${browser.engine}`, (t) =>
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
      print(`${browser.engine}: woken by ${JSON.stringify(await tab.call("woken"))}`);
      for (const { rate } of [hidden, late]) judge(rate / visible.rate);
    }));
}

// Firefox falls back in any case, and WebKitGTK's timers need no replacement behind a tick.
for (const browser of browsers.filter(({ engine }) => engine === "chromium")) {
  test(`without Atomics.waitAsync a hidden page falls back to ticks in ${browser.engine}`, (t) =>
    open(
      t,
      browser,
      async (tab, server) => {
        await tab.call("connect", "/sink?id=drain");
        await tab.call("flood");
        await sleep(WARM_UP_MS);
        const visible = await measureWindow(tab, server, VISIBLE_MS);
        await tab.hide();
        await sleep(HIDING_MS);
        const hidden = await measureWindow(tab, server, HIDDEN_MS);
        const woken = await tab.call("woken");
        print(`${browser.engine}, MiB/s: visible ${visible}; hidden ${hidden}; woken by ${JSON.stringify(woken)}`);
        assert.equal(woken.Atomics, undefined);
        judge(hidden.rate / visible.rate);
      },
      { path: "/?without=waitAsync" },
    ));
}

function judge(ratio) {
  print(`hidden ${ratio.toFixed(2)} × visible: ${ratio >= WANTED_RATIO ? "held" : "not held"} (${WANTED_RATIO})`);
  assert.ok(ratio >= LEAST_RATIO);
}

// In WebKitGTK `bufferedAmount` falls at once whatever the peer does, so nobody waits for long.
for (const browser of browsers.filter(({ engine }) => engine !== "webkit")) {
  test(`a page that becomes visible looks at once in ${browser.engine}`, (t) =>
    open(t, browser, async (tab) => {
      const timersOnly = true;
      await tab.call("connect", "/deaf", timersOnly);
      await tab.call("flood");
      await tab.hide();
      await sleep(HIDING_MS);
      assert.equal((await tab.call("woken")).Visibility, undefined);
      await tab.show();
      assert.equal((await tab.call("woken")).Visibility, 1);
    }));
}

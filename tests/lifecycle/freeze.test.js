// What is left of a connection when Chromium has frozen its page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { browsers, open } from "./harness.js";

const PATIENCE_MS = 2_000;

for (const browser of browsers.filter(({ engine }) => engine === "chromium")) {
  test("a freeze ends the connection with one close event, and a new one opens, in chromium", (t) =>
    open(t, browser, async (tab) => {
      await tab.call("connect", "/echo");
      await tab.freeze();
      await sleep(1_000);
      await tab.resume();
      assert.deepEqual(await tab.call("closes", PATIENCE_MS), [1006]);
      assert.equal(await tab.call("connect", "/echo"), "Open");
      assert.deepEqual(await tab.call("closes", PATIENCE_MS), [1006]);
    }));
}

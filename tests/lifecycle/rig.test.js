// Does the rig do to pages what it says?

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { taggedProcesses } from "../../scripts/lib/leftovers.js";
import { withTab } from "../../scripts/lib/rig/index.js";
import { browsers, open, print, serve } from "./harness.js";

// WebKitGTK throttles a chain only after some ten links.
const LINKS = 14;
const TAIL = 3;

for (const browser of browsers) {
  const { engine } = browser;

  test(`a hidden page is told so and its timers are throttled in ${engine}`, (t) =>
    open(t, browser, async (tab) => {
      assert.equal(await tab.call("visibility"), "visible");
      const before = await tab.call("chain", LINKS);
      await tab.hide();
      assert.equal(await tab.call("visibility"), "hidden");
      const hidden = await tab.call("chain", LINKS);
      await tab.show();
      assert.equal(await tab.call("visibility"), "visible");
      const after = await tab.call("chain", LINKS);
      print(`${engine}: setTimeout(4) visible ${median(before)} ms, hidden ${hidden.join(" ")} ms`);
      const throttled = Math.min(...hidden.slice(-TAIL));
      assert.ok(throttled >= 500, `${throttled} ms while hidden`);
      for (const gaps of [before, after])
        assert.ok(throttled > 5 * median(gaps), `${gaps} ms while visible`);
    }));

  test(`a stopped browser does nothing until it is continued in ${engine}`, (t) =>
    open(t, browser, async (tab) => {
      tab.stop();
      let hasAnswered = false;
      const answer = tab.call("visibility").then(() => (hasAnswered = true));
      await sleep(1_000);
      assert.equal(hasAnswered, false);
      tab.continue();
      await answer;
    }));

  test(`a page is left, and restored from the page cache, in ${engine}`, (t) =>
    open(t, browser, async (tab) => {
      // A page that is left while it still loads never finishes that in WebKitGTK.
      assert.equal(await tab.call("visibility"), "visible");
      await tab.goto("/?second");
      assert.equal(await tab.call("visibility"), "visible");
      assert.equal(await tab.back(), true);
      assert.equal(await tab.call("visibility"), "visible");
    }));

  test(`no process is left, also after a failure, in ${engine}`, async (t) => {
    const server = await serve(t);
    const failure = new Error("on purpose");
    const failing = withTab(browser, server.url, () => {
      assert.ok(taggedProcesses().length > 0);
      throw failure;
    });
    await assert.rejects(failing, failure);
    assert.deepEqual(taggedProcesses(), []);
  });
}

for (const browser of browsers.filter(({ engine }) => engine === "chromium")) {
  test("a frozen page is told so and stands still in chromium", (t) =>
    open(t, browser, async (tab) => {
      await tab.freeze();
      let hasAnswered = false;
      const answer = tab.call("visibility").then(() => (hasAnswered = true));
      await sleep(1_000);
      assert.equal(hasAnswered, false);
      await tab.resume();
      await answer;
    }));
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
}

// Batches go on in a hidden page, where no frames are painted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { browsers, open, print } from "./harness.js";

const COUNT = 300;
const INTERVAL_MS = 20;
const VISIBLE_MS = 2_000;

for (const browser of browsers) {
  test(`batches go on in a hidden page and lose nothing in ${browser.engine}`, (t) =>
    open(t, browser, async (tab) => {
      await tab.call("gather", `/burst?count=${COUNT}&interval=${INTERVAL_MS}&then=close`);
      await sleep(VISIBLE_MS);
      await tab.hide();
      const batches = await tab.call("batches");
      const lengths = (wanted) =>
        batches.filter(({ visibility }) => visibility === wanted).map(({ messages }) => messages);
      print(`${browser.engine}: visible ${lengths("visible").length} batches; hidden ${lengths("hidden")}`);
      assert.equal(sum(lengths("visible")) + sum(lengths("hidden")), COUNT);
      assert.ok(lengths("visible").length > 1 && lengths("hidden").length > 1);
    }));
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

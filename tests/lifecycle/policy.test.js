// What becomes of a connection that the page's policy forbids.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browsers, open, print, serve } from "./harness.js";

const PATIENCE_MS = 2_000;
const headers = { "content-security-policy": "connect-src 'self'" };

for (const browser of browsers) {
  test(`a connection that the page's policy forbids is blocked at once in ${browser.engine}`, (t) =>
    open(
      t,
      browser,
      async (tab) => {
        const other = await serve(t);
        const outcome = await tab.call("attempt", `${other.wsUrl}/echo`, PATIENCE_MS);
        print(`${browser.engine}: threw ${outcome.thrown}, close events: ${outcome.closes.length}`);
        assert.match(outcome.thrown ?? "nothing", /^Blocked/);
        assert.deepEqual(outcome.closes, []);
        assert.deepEqual(other.control.connections(), []);
        assert.equal(await tab.call("connect", "/echo"), "Open");
      },
      { headers },
    ));
}

// A connection that nobody waits for does not keep a Node process alive.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { read } from "../../scripts/lib/commands.js";
import { app, print, serve } from "./harness.js";

const PATIENCE_SECONDS = 10;

test("a process with an open socket ends by itself", async (t) => {
  const server = await serve(t);
  const child = fileURLToPath(new URL("node/child.js", import.meta.url));
  const args = [child, app.module, app.wasm, `${server.wsUrl}/sink`];
  const output = await read(process.execPath, args, { timeout: PATIENCE_SECONDS });
  print(`Node: ${output.trim()}`);
  assert.match(output, /ended while the socket was Open/);
});

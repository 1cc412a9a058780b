// Serves the page of these tests and opens it in the browsers that `npm run test:lifecycle` names.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { lifecycle } from "../../scripts/lib/build.js";
import { rigStatics, withTab } from "../../scripts/lib/rig/index.js";
import { startServer } from "../server/index.js";

export const browsers = JSON.parse(process.env.LIFECYCLE_BROWSERS ?? "[]");

/** The built app's files. */
export const app = {
  module: join(lifecycle.directory, "sluicegate_lifecycle.js"),
  wasm: join(lifecycle.directory, "sluicegate_lifecycle_bg.wasm"),
};

/** A server with the page, its wasm and the rig, closed when the test ends. */
export async function serve(t, { headers } = {}) {
  assert.ok(existsSync(app.wasm), "build the app first: npm run test:lifecycle");
  const directory = fileURLToPath(new URL("page", import.meta.url));
  const statics = [
    { prefix: "/", directory, headers },
    { prefix: "/pkg/", directory: lifecycle.directory },
    ...rigStatics,
  ];
  const server = await startServer({ control: true, statics });
  t.after(() => server.close());
  return server;
}

/** Opens the page in a browser; fails on any panic and any error that reaches it. */
export async function open(t, browser, action, { path = "/", ...options } = {}) {
  const server = await serve(t, options);
  return withTab(browser, server.url + path, (tab) => action(tab, server));
}

/** Prints a figure. */
export function print(line) {
  console.log(`  ${line}`);
}

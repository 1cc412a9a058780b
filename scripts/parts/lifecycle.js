// What hiding, freezing and leaving alone does to the crate, in browsers that nothing automates.

import { ensureBrowsers } from "../lib/browsers.js";
import { buildApp, lifecycle } from "../lib/build.js";
import { killTagged } from "../lib/leftovers.js";
import { runNodeTestsInTurn } from "../lib/node-tests.js";

export const needs = ["rust", "wasm target", "npm packages"];

// The tests find the browsers in the variable LIFECYCLE_BROWSERS.
export async function test({ engines, filter }) {
  const browsers = await ensureBrowsers(engines);
  await buildApp(lifecycle);
  try {
    const env = { LIFECYCLE_BROWSERS: JSON.stringify(browsers) };
    await runNodeTestsInTurn("tests/lifecycle", { env, filter });
  } finally {
    killTagged();
  }
}

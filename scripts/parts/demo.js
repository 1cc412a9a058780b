// The demo page in Chromium, through Playwright.

import { ensureBrowsers } from "../lib/browsers.js";
import { buildApp, demo } from "../lib/build.js";
import { killTagged } from "../lib/leftovers.js";
import { runNodeTests } from "../lib/node-tests.js";

export const needs = ["rust", "wasm target", "npm packages"];

// The tests find the browser's program in the variable CHROMIUM.
export async function test() {
  const [chromium] = await ensureBrowsers(["chromium"]);
  await buildApp(demo);
  try {
    await runNodeTests("tests/demo", { env: { CHROMIUM: chromium.program } });
  } finally {
    killTagged();
  }
}

// The crate's tests in real browsers: in a window of each engine, then those for anywhere in workers.

import { ensureBrowsers } from "../lib/browsers.js";
import { listTests, requireMatch, runInBrowsers, wasmBuild } from "../lib/wasm-tests.js";

export const needs = ["rust", "wasm target", "npm packages"];

const WORKERS = ["dedicated worker", "shared worker"];

export async function test({ engines, filter = "" }) {
  const browsers = await ensureBrowsers(engines);
  const build = await wasmBuild();
  const names = await listTests(build);
  requireMatch(names, filter);
  await runInBrowsers(build, [...inWindows(browsers, filter), ...inWorkers(browsers, names, filter)]);
}

function inWindows(browsers, filter) {
  return browsers.map((browser) => ({ browser, mode: "window", filter }));
}

// The runner takes one filter only, so of two the narrower must contain the other.
function inWorkers(browsers, names, filter) {
  const both = filter.includes("anywhere") ? filter : "anywhere";
  if (filter && both !== filter) {
    console.log(`not in workers, where tests named *anywhere* run: the filter is "${filter}"`);
    return [];
  }
  requireMatch(names, both);
  return WORKERS.flatMap((mode) => browsers.map((browser) => ({ browser, mode, filter: both })));
}

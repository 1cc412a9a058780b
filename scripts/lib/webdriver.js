// Tells wasm-bindgen's test runner which browser to drive and how.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CHROMIUM_ARGUMENTS } from "./chromium.js";
import { withDisplay } from "./display.js";
import { killTagged } from "./leftovers.js";
import { removeAtExit, target } from "./paths.js";

const MODES = {
  window: "WASM_BINDGEN_USE_BROWSER",
  "dedicated worker": "WASM_BINDGEN_USE_DEDICATED_WORKER",
  "shared worker": "WASM_BINDGEN_USE_SHARED_WORKER",
};

// The runner drives WebKitGTK as it drives Safari.
const DRIVERS = { chromium: "CHROMEDRIVER", firefox: "GECKODRIVER", webkit: "SAFARIDRIVER" };

// Calls `action` with the environment that makes the runner use this browser in this mode.
export async function withBrowser(browser, mode, action) {
  // Profiles go where they can be removed, because a driver that is killed leaves its own behind.
  const temporary = mkdtempSync(join(tmpdir(), "sluicegate-"));
  const env = { ...environment(browser, mode), TMPDIR: temporary };
  const remove = removeAtExit(temporary);
  try {
    if (browser.engine !== "webkit") return await action(env);
    return await withDisplay((display) => action({ ...env, ...display }));
  } finally {
    killTagged();
    remove();
  }
}

function environment(browser, mode) {
  return {
    ...withoutChoices(),
    [MODES[mode]]: "1",
    [DRIVERS[browser.engine]]: browser.driver,
    WASM_BINDGEN_TEST_WEBDRIVER_JSON: writeCapabilities(browser),
    // For all tests of the binary together, in seconds; and for a driver to start on a busy machine.
    WASM_BINDGEN_TEST_TIMEOUT: "600",
    WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "60",
    // WebKit's sandbox cannot be set up inside most containers.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
  };
}

// What the caller's shell chooses must not compete with our choice; undefined removes a variable.
function withoutChoices() {
  const drivers = [...Object.values(DRIVERS), "MSEDGEDRIVER"].flatMap((name) => [name, `${name}_REMOTE`]);
  const modes = [
    ...Object.values(MODES),
    "WASM_BINDGEN_USE_SERVICE_WORKER",
    "WASM_BINDGEN_USE_NODE_EXPERIMENTAL",
    "WASM_BINDGEN_USE_DENO",
  ];
  return Object.fromEntries([...drivers, ...modes, "NO_HEADLESS"].map((name) => [name, undefined]));
}

// The runner reads this for Chromium and Firefox; WebKitGTK's driver knows its own browser.
function writeCapabilities({ engine, program }) {
  const capabilities = {
    chromium: { "goog:chromeOptions": { binary: program, args: ["--headless", ...CHROMIUM_ARGUMENTS] } },
    firefox: { "moz:firefoxOptions": { binary: program, args: ["-headless"] } },
    webkit: {},
  };
  const file = join(target, `webdriver-${engine}.json`);
  mkdirSync(target, { recursive: true });
  writeFileSync(file, JSON.stringify(capabilities[engine], null, 2));
  return file;
}

// Compiles the browser tests and runs them in one browser after the other.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { read, run } from "./commands.js";
import { Failure } from "./failure.js";
import { removeAtExit, serverAddressFile } from "./paths.js";
import { serveTests } from "./serve.js";
import { step } from "./steps.js";
import { ensureWasmBindgen } from "./tools.js";
import { withBrowser } from "./webdriver.js";

// The `cargo test` of a build: its further arguments and its environment.
export async function wasmBuild({ args = [], env = {} } = {}) {
  const runner = join(await ensureWasmBindgen(), "wasm-bindgen-test-runner");
  return {
    args: ["test", "--target", "wasm32-unknown-unknown", "--test", "browser", ...args],
    env: { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: runner, ...env },
  };
}

// The names of the tests, which compiles them first.
export async function listTests({ args, env }) {
  const list = await step("compiling the browser tests (about a minute the first time)", () =>
    read("cargo", [...args, "--", "--list"], { env }),
  );
  return [...list.matchAll(/^(.+): test$/gm)].map((match) => match[1]);
}

// The runner takes "no test has such a name" for a success.
export function requireMatch(names, filter) {
  if (!names.some((name) => name.includes(filter)))
    throw new Failure(`no browser test has "${filter}" in its name`);
}

// Runs `tests` in each of the `runs` ({ browser, mode, filter }) against one server, and fails after all have ended.
export async function runInBrowsers(build, runs) {
  const failures = [];
  await withServer(async () => {
    for (const each of runs) {
      await runOnce(build, each).catch((failure) => failures.push(`${title(each)}: ${failure.message}`));
    }
  });
  if (failures.length) throw new Failure(failures.join("; "));
}

function runOnce({ args, env }, { browser, mode, filter }) {
  return step(title({ browser, mode, filter }), () =>
    withBrowser(browser, mode, (browserEnv) =>
      // The figures that tests print are part of what they show.
      run("cargo", [...args, "--", "--nocapture", ...(filter ? [filter] : [])], {
        env: { ...env, ...browserEnv },
        timeout: 15 * 60,
      }),
    ),
  );
}

function title({ browser, mode, filter }) {
  return `${browser.engine}, ${mode}${filter ? `, tests named *${filter}*` : ""}`;
}

// The runner serves the working directory, so the tests fetch the server's address from there.
async function withServer(action) {
  const server = await serveTests();
  mkdirSync(dirname(serverAddressFile), { recursive: true });
  writeFileSync(serverAddressFile, JSON.stringify({ url: server.url.replace(/\/$/, "") }));
  const remove = removeAtExit(serverAddressFile);
  try {
    return await action();
  } finally {
    remove();
    await server.close();
  }
}

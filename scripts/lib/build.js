// Builds the wasm of the repository's own pages.

import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { run } from "./commands.js";
import { target } from "./paths.js";
import { step } from "./steps.js";
import { ensureWasmBindgen, ensureWasmTarget } from "./tools.js";

export const demo = app("demo");
export const lifecycle = app("lifecycle");

export async function buildApp(app) {
  await ensureWasmTarget();
  const tools = await ensureWasmBindgen();
  await step(`compiling ${app.crate} (about half a minute the first time)`, () =>
    run("cargo", ["build", "--package", app.crate, "--release", "--target", "wasm32-unknown-unknown"]),
  );
  if (isBound(app)) return;
  await step(`generating the JavaScript glue of ${app.crate}`, () => bind(app, tools));
}

// A crate of this workspace, and where its bound wasm goes.
function app(name) {
  const crate = `sluicegate-${name}`;
  const directory = join(target, name);
  return {
    crate,
    directory,
    compiled: join(target, `wasm32-unknown-unknown/release/${crate.replace("-", "_")}.wasm`),
    stamp: join(directory, ".complete"),
  };
}

// The stamp is written last, so an interrupted run is not taken for a complete one.
async function bind({ directory, compiled, stamp }, tools) {
  rmSync(stamp, { force: true });
  const args = ["--target", "web", "--no-typescript", "--out-dir", directory, compiled];
  await run(join(tools, "wasm-bindgen"), args);
  writeFileSync(stamp, "");
}

function isBound({ compiled, stamp }) {
  return existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(compiled).mtimeMs;
}

// Builds the demo page's wasm.

import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { run } from "./commands.js";
import { target } from "./paths.js";
import { step } from "./steps.js";
import { ensureWasmBindgen, ensureWasmTarget } from "./tools.js";

export const demo = join(target, "demo");

const compiled = join(target, "wasm32-unknown-unknown/release/sluicegate_demo.wasm");
const stamp = join(demo, ".complete");

export async function buildDemo() {
  await ensureWasmTarget();
  const tools = await ensureWasmBindgen();
  await step("compiling the demo (about half a minute the first time)", () =>
    run("cargo", [
      "build",
      "--package",
      "sluicegate-demo",
      "--release",
      "--target",
      "wasm32-unknown-unknown",
    ]),
  );
  if (isBound()) return;
  await step("generating the demo's JavaScript glue", () => bind(tools));
}

// The stamp is written last, so an interrupted run is not taken for a complete one.
async function bind(tools) {
  rmSync(stamp, { force: true });
  await run(join(tools, "wasm-bindgen"), ["--target", "web", "--no-typescript", "--out-dir", demo, compiled]);
  writeFileSync(stamp, "");
}

function isBound() {
  return existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(compiled).mtimeMs;
}

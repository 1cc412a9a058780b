// Builds the page's app and the peer of the gate's benchmark.

import { rmSync } from "node:fs";
import { join } from "node:path";

import { run } from "../commands.js";
import { root, target } from "../paths.js";
import { step } from "../steps.js";

const WASM = "wasm32-unknown-unknown";

const app = join(target, "gate");

export const program = join(target, "release/sluicegate-gate-server");

// What the page is made of, for the repository's server.
export const statics = [
  { prefix: "/", directory: join(root, "benches/gate/page") },
  { prefix: "/pkg/", directory: app },
];

export async function buildGate(tools) {
  await step("compiling the app and the peer (about a minute the first time)", async () => {
    await run("cargo", ["build", "--release", "--package", "sluicegate-gate-server"]);
    await run("cargo", ["build", "--release", "--package", "sluicegate-gate", "--target", WASM]);
  });
  rmSync(app, { recursive: true, force: true });
  const compiled = join(target, WASM, "release/sluicegate_gate.wasm");
  await run(join(tools, "wasm-bindgen"), ["--target", "web", "--no-typescript", "--out-dir", app, compiled]);
}

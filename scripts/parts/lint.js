// Does clippy have nothing to say, natively and for wasm?

import { run } from "../lib/commands.js";

export const needs = ["rust", "wasm target"];

const STRICT = ["--", "-D", "warnings"];

export async function test() {
  await clippy("--all-targets", ...packages("sluicegate", "sluicegate-gate-server"));
  const wasm = ["--target", "wasm32-unknown-unknown", "--all-targets"];
  await clippy(...wasm, ...packages("sluicegate", "sluicegate-demo", "sluicegate-gate", "sluicegate-lifecycle"));
  await clippy(...wasm, "--package", "sluicegate-size", "--features", "sluicegate,gloo-net,web-sys");
}

function packages(...names) {
  return names.flatMap((name) => ["--package", name]);
}

function clippy(...args) {
  return run("cargo", ["clippy", ...args, ...STRICT]);
}

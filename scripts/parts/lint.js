// Does clippy have nothing to say, natively and for wasm?

import { run } from "../lib/commands.js";

export const needs = ["rust", "wasm target"];

const STRICT = ["--", "-D", "warnings"];

export async function test() {
  await run("cargo", ["clippy", "--all-targets", ...STRICT]);
  const wasm = ["--target", "wasm32-unknown-unknown"];
  await run("cargo", [
    "clippy",
    "--package",
    "sluicegate",
    "--package",
    "sluicegate-demo",
    "--all-targets",
    ...wasm,
    ...STRICT,
  ]);
}

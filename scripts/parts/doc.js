// Do the examples in the documentation run, and is the documentation free of warnings for both kinds of target?

import { run } from "../lib/commands.js";

export const needs = ["rust", "wasm target"];

export async function test() {
  await run("cargo", ["test", "--doc"]);
  const env = { RUSTDOCFLAGS: "-D warnings" };
  await run("cargo", ["doc", "--no-deps"], { env });
  await run("cargo", ["doc", "--no-deps", "--target", "wasm32-unknown-unknown"], { env });
}

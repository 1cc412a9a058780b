// Is all Rust code formatted?

import { run } from "../lib/commands.js";

export const needs = ["rust"];

export function test() {
  return run("cargo", ["fmt", "--all", "--check"]);
}

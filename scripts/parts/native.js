// The tests that need no browser: units, tables, properties.

import { run } from "../lib/commands.js";

export const needs = ["rust"];

export function test() {
  // Without the doctests, which are a part of their own.
  return run("cargo", ["test", "--tests", "--package", "sluicegate", "--package", "sluicegate-gate-server"]);
}

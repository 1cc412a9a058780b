// The tests of the embedded server, which the browser tests rely on.

import { runNodeTests } from "../lib/node-tests.js";

export const needs = ["npm packages"];

export function test() {
  return runNodeTests("tests/server");
}

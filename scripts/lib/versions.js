// The versions that must agree with each other, from the places that decide them.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Failure } from "./failure.js";
import { root } from "./paths.js";

export const GECKODRIVER = "0.37.1";

// The tool and the library speak a private format, so the tool must have exactly the library's version.
export function wasmBindgenVersion() {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const found = lock.match(/name = "wasm-bindgen"\r?\nversion = "([^"]+)"/);
  if (!found) throw new Failure("Cargo.lock does not name a version of wasm-bindgen");
  return found[1];
}

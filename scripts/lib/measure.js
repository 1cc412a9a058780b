// Builds one app of benches/size as one would for production, and counts its bytes.
//
// The profile is the repository's own `release` with opt-level "s": after brotli "z" differs by less than 300 bytes,
// some apps smaller and some larger, and its code is slower.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

import { run } from "./commands.js";
import { root, target } from "./paths.js";
import { step } from "./steps.js";

const compiled = join(target, "wasm32-unknown-unknown/release/sluicegate_size.wasm");

const WASM_OPT = join(root, "node_modules/binaryen/bin/wasm-opt");

// What rustc assumes of every browser since 1.87, so wasm-opt may too.
const WASM_FEATURES = [
  "bulk-memory",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
].map((feature) => `--enable-${feature}`);

export async function measureApp(app, tools) {
  const directory = join(target, "size", app);
  rmSync(directory, { recursive: true, force: true });
  await step(`building the app "${app}"`, () => build(app, tools, directory));
  const wasm = readFileSync(join(directory, "optimized.wasm"));
  const glue = readFileSync(join(directory, "app.js"));
  const sizes = { raw: wasm.length, wasm: brotli(wasm), glue: brotli(glue) };
  return { app, ...sizes, total: sizes.wasm + sizes.glue };
}

async function build(app, tools, directory) {
  const feature = ["--package", "sluicegate-size", "--features", app];
  await run("cargo", ["build", "--release", "--target", "wasm32-unknown-unknown", ...feature]);
  const names = ["--out-dir", directory, "--out-name", "app"];
  await run(join(tools, "wasm-bindgen"), ["--target", "web", "--no-typescript", ...names, compiled]);
  const files = [join(directory, "app_bg.wasm"), "--output", join(directory, "optimized.wasm")];
  await run(process.execPath, [WASM_OPT, "-Os", "--strip-debug", "--strip-producers", ...WASM_FEATURES, ...files]);
}

function brotli(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params }).length;
}

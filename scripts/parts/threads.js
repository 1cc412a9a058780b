// The browser tests again, with the shared memory that wasm threads have.

import { join } from "node:path";

import { ensureBrowsers } from "../lib/browsers.js";
import { target } from "../lib/paths.js";
import { Failure } from "../lib/failure.js";
import { ensureRustSource } from "../lib/tools.js";
import { listTests, requireMatch, runInBrowsers, wasmBuild } from "../lib/wasm-tests.js";

export const needs = ["rust", "wasm target", "npm packages"];

const ENGINES = ["chromium", "firefox"];

// Asserts that the memory is shared: without it this part could pass and prove nothing.
const PROOF = "memory_is_shared";

const FLAGS = [
  "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals",
  ...["--shared-memory", "--import-memory", "--max-memory=1073741824"].map(linked),
  ...["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base"].map((name) => linked(`--export=${name}`)),
];

function linked(argument) {
  return `-Clink-arg=${argument}`;
}

export async function test({ engines = ENGINES, filter = "" }) {
  const wanted = engines.filter((engine) => ENGINES.includes(engine));
  if (wanted.length === 0) throw new Failure(`threads are tested in ${ENGINES.join(" and ")} only`);
  const browsers = await ensureBrowsers(wanted);
  await ensureRustSource();
  const build = await threadsBuild();
  const names = await listTests(build);
  requireMatch(names, filter);
  if (!names.some((name) => name.includes(PROOF))) throw new Failure(`the test ${PROOF} is missing`);
  await runInBrowsers(
    build,
    browsers.map((browser) => ({ browser, mode: "window", filter })),
  );
}

// Stable Rust ships no standard library with atomics, and compiling one is an unstable option of cargo.
function threadsBuild() {
  return wasmBuild({
    args: ["-Zbuild-std=std,panic_abort"],
    env: {
      RUSTC_BOOTSTRAP: "1",
      CARGO_TARGET_DIR: join(target, "threads"),
      CARGO_ENCODED_RUSTFLAGS: undefined,
      RUSTFLAGS: undefined,
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: FLAGS.join(" "),
    },
  });
}

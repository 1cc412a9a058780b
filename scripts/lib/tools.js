// Installs what a fresh machine lacks: the wasm target, tools written in Rust, npm packages.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import { ask, findOnPath, isExecutable, run } from "./commands.js";
import { Failure } from "./failure.js";
import { cache, removeAtExit, root } from "./paths.js";
import { step } from "./steps.js";
import { GECKODRIVER, wasmBindgenVersion } from "./versions.js";

const WASM_TARGET = "wasm32-unknown-unknown";

export function requireRust() {
  if (!findOnPath("cargo")) {
    throw new Failure(
      "Rust is needed and `cargo` is not on the PATH: install it from https://rustup.rs and open a new shell",
    );
  }
}

export async function ensureWasmTarget() {
  requireRust();
  const directory = ask("rustc", ["--print", "target-libdir", "--target", WASM_TARGET]);
  if (directory && existsSync(directory)) return;
  requireRustup(`the Rust target ${WASM_TARGET}`);
  await step(`installing the Rust target ${WASM_TARGET}`, () =>
    run("rustup", ["target", "add", WASM_TARGET]),
  );
}

// The standard library's source, to compile it anew with other target features.
export async function ensureRustSource() {
  requireRust();
  if (existsSync(join(ask("rustc", ["--print", "sysroot"]) || "", "lib/rustlib/src/rust/library/std")))
    return;
  requireRustup("the source of Rust's standard library");
  await step("installing the source of Rust's standard library", () =>
    run("rustup", ["component", "add", "rust-src"]),
  );
}

function requireRustup(what) {
  if (!findOnPath("rustup")) {
    throw new Failure(`${what} is missing and there is no rustup to install it: see https://rustup.rs`);
  }
}

// The directory with `wasm-bindgen` and `wasm-bindgen-test-runner`.
export function ensureWasmBindgen() {
  return ensureCargoTool({
    crate: "wasm-bindgen-cli",
    version: wasmBindgenVersion(),
    binaries: ["wasm-bindgen", "wasm-bindgen-test-runner"],
    duration: "2 to 4 minutes",
  });
}

// The directory with `geckodriver`.
export function ensureGeckodriver() {
  return ensureCargoTool({
    crate: "geckodriver",
    version: GECKODRIVER,
    binaries: ["geckodriver"],
    duration: "2 to 4 minutes",
  });
}

async function ensureCargoTool(tool) {
  requireRust();
  const onPath = findOnPath(tool.binaries[0]);
  if (onPath && hasTool(tool, dirname(onPath))) return dirname(onPath);
  const home = join(cache, `${tool.crate}-${tool.version}`);
  const directory = join(home, "bin");
  if (hasTool(tool, directory)) return directory;
  const title = `compiling ${tool.crate} ${tool.version} (${tool.duration}, once per version)`;
  await step(title, () => installCargoTool(tool, home));
  return directory;
}

function hasTool({ binaries, version }, directory) {
  return binaries.every((name) => says(join(directory, name), version));
}

function says(binary, version) {
  const output = isExecutable(binary) && ask(binary, ["--version"]);
  return Boolean(output) && output.split(/\s/).includes(version);
}

// Into a directory beside the final one, which gets its name only when all is there: an interrupted install leaves
// nothing that looks complete. Without `--locked`, because the lock file of a tool may name a yanked crate.
async function installCargoTool(tool, home) {
  removeAbandoned(home);
  const partial = `${home}.partial-${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const remove = removeAtExit(partial);
  try {
    await run("cargo", ["install", tool.crate, "--version", `=${tool.version}`, "--root", partial], {
      env: { CARGO_TARGET_DIR: join(partial, "build") },
    });
    if (!hasTool(tool, join(partial, "bin")))
      throw new Failure(`${tool.crate} ${tool.version} was compiled but does not run`);
    rmSync(join(partial, "build"), { recursive: true, force: true });
    moveInto(partial, home, tool);
  } finally {
    remove();
  }
}

// Two installs may run at once: the one that comes second finds the tool in place.
function moveInto(partial, home, tool) {
  if (hasTool(tool, join(home, "bin"))) return;
  rmSync(home, { recursive: true, force: true });
  renameSync(partial, home);
}

// What an install left behind that was killed outright.
function removeAbandoned(home) {
  if (!existsSync(dirname(home))) return;
  for (const name of readdirSync(dirname(home))) {
    const pid = name.match(/\.partial-(\d+)$/);
    if (pid && !isAlive(Number(pid[1]))) rmSync(join(dirname(home), name), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

export async function ensureNpmPackages() {
  if (age("package-lock.json") <= age("node_modules/.package-lock.json")) return;
  // Under `npm run`, npm says where it is itself.
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const args = [...npm.slice(1), "ci", "--no-audit", "--no-fund"];
  await step("installing the npm packages (less than a minute, once per change of package-lock.json)", () =>
    run(npm[0], args),
  );
}

// The time of the last change; 0 when there is no such file.
function age(path) {
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  return stats ? stats.mtimeMs : 0;
}

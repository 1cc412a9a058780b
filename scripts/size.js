// `npm run size`: what a library adds to a minimal app, as a visitor downloads it.

import "./lib/require-node.js";

import { writeFileSync } from "node:fs";
import util from "node:util";

import { Failure, runMain } from "./lib/failure.js";
import { measureApp } from "./lib/measure.js";
import { ensureNpmPackages, ensureWasmBindgen, ensureWasmTarget } from "./lib/tools.js";

const BASE = "base";
const LIBRARIES = ["sluicegate", "gloo-net", "web-sys"];

const BUDGET_BYTES = 9 * 1_000;

const HELP = `Builds the apps of benches/size and prints their sizes in bytes.

  npm run size
  npm run size -- --json FILE     also writes the sizes to a file`;

async function main() {
  const { help, json } = readArguments();
  if (help) return void console.log(HELP);
  await ensureWasmTarget();
  await ensureNpmPackages();
  const tools = await ensureWasmBindgen();
  const sizes = await measureAll(tools);
  printTable(sizes);
  printBudget(sizes);
  if (json) writeFileSync(json, `${JSON.stringify({ budget: BUDGET_BYTES, sizes }, null, 2)}\n`);
  return sizes.some(({ failure }) => failure) ? 1 : 0;
}

// One app that cannot be built does not hide the sizes of the others.
async function measureAll(tools) {
  const sizes = [];
  for (const app of [BASE, ...LIBRARIES]) {
    const size = await measureApp(app, tools).catch((error) => ({ app, failure: error.message }));
    sizes.push({ ...size, added: size.total - sizes[0]?.total || 0 });
  }
  return sizes;
}

function printTable(sizes) {
  console.log(
    "\nBytes of one minimal async app. Brotli 11; the glue is counted as wasm-bindgen writes it, not minified.\n",
  );
  printRow(["app", "wasm raw", "wasm brotli", "glue brotli", "total brotli", "over base"]);
  for (const { app, failure, raw, wasm, glue, total, added } of sizes) {
    if (failure) console.log(`${app.padEnd(12)}not measured: ${failure}`);
    else printRow([app, raw, wasm, glue, total, app === BASE ? "" : `+${added}`]);
  }
}

function printRow([app, ...cells]) {
  console.log(app.padEnd(12) + cells.map((cell) => String(cell).padStart(13)).join(""));
}

function printBudget(sizes) {
  const { failure, added } = sizes.find(({ app }) => app === "sluicegate");
  const verdict =
    failure || sizes[0].failure
      ? "not measured"
      : `+${added} bytes, ${added <= BUDGET_BYTES ? "held" : "not held"}`;
  console.log(`\nbudget: minimal async app ≤ +9 KB (${BUDGET_BYTES} bytes): ${verdict}`);
}

function readArguments() {
  try {
    const options = { json: { type: "string" }, help: { type: "boolean", short: "h" } };
    return util.parseArgs({ options }).values;
  } catch (error) {
    throw new Failure(`${error.message.split(". ")[0]} (see npm run size -- --help)`);
  }
}

runMain(main);

// `npm test`: runs all parts, or those named, and ends with a table of them.

import "./lib/require-node.js";

import util from "node:util";

import { ENGINES } from "./lib/browsers.js";
import { Failure, runMain } from "./lib/failure.js";
import { stopwatch } from "./lib/steps.js";
import { ensureNpmPackages, ensureWasmTarget, requireRust } from "./lib/tools.js";

const PARTS = ["format", "lint", "native", "doc", "package", "server", "browser", "threads", "lifecycle", "demo"];

const HELP = `Runs the tests; installs the browsers and tools that they need.

  npm test                                         all parts
  npm test -- lint native                          some of: ${PARTS.join(", ")}
  npm run test:browser -- --browser firefox        one engine of: ${ENGINES.join(", ")}
  npm run test:browser -- -- echo                  the tests with "echo" in their name`;

// What parts rely on. Each is seen to once; where one fails, the parts that need it are skipped.
const PREREQUISITES = {
  rust: requireRust,
  "wasm target": ensureWasmTarget,
  "npm packages": ensureNpmPackages,
};

async function main() {
  const { help, parts, options } = readArguments(process.argv.slice(2));
  if (help) return void console.log(HELP);
  const prerequisites = new Map();
  const results = [];
  for (const part of parts) results.push(await runPart(part, options, prerequisites));
  report(results);
  return results.some(({ outcome }) => outcome === "failed") ? 1 : 0;
}

async function runPart(part, options, prerequisites) {
  console.log(`\n=== ${part}`);
  const seconds = stopwatch();
  const { outcome, reason = "" } = await attempt(part, options, prerequisites);
  console.log(`=== ${part} ${outcome} after ${seconds()} s${reason && `: ${reason}`}`);
  return { part, outcome, reason, seconds: seconds() };
}

async function attempt(part, options, prerequisites) {
  try {
    const { needs, test } = await import(`./parts/${part}.js`);
    for (const need of needs) {
      if (prerequisites.get(need) === "missing")
        return { outcome: "skipped", reason: `${need} is missing, as said above` };
      await fulfil(need, prerequisites);
    }
    await test(options);
    return { outcome: "passed" };
  } catch (error) {
    if (!(error instanceof Failure)) console.error(error);
    return { outcome: "failed", reason: error.message };
  }
}

async function fulfil(need, prerequisites) {
  if (prerequisites.has(need)) return;
  prerequisites.set(need, "missing");
  await PREREQUISITES[need]();
  prerequisites.set(need, "there");
}

function report(results) {
  console.log("\npart       result    seconds");
  for (const { part, outcome, reason, seconds } of results) {
    console.log(`${part.padEnd(11)}${outcome.padEnd(10)}${seconds.padStart(7)}${reason && `  ${reason}`}`);
  }
  const count = (outcome) => results.filter((result) => result.outcome === outcome).length;
  console.log(`parts: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
}

// What follows a `--` of its own is the filter.
function readArguments(argv) {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const { values, positionals } = parse(argv.slice(0, end));
  for (const part of positionals) requireOneOf("a part", part, PARTS);
  if (values.browser) requireOneOf("a browser", values.browser, ENGINES);
  const engines = values.browser && [values.browser];
  const parts = positionals.length ? PARTS.filter((part) => positionals.includes(part)) : PARTS;
  return { help: values.help, parts, options: { engines, filter: argv[end + 1] } };
}

function parse(args) {
  try {
    const options = { browser: { type: "string" }, help: { type: "boolean", short: "h" } };
    return util.parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new Failure(`${error.message.split(". ")[0]} (see npm test -- --help)`);
  }
}

function requireOneOf(what, name, known) {
  if (!known.includes(name)) throw new Failure(`"${name}" is not ${what}: ${known.join(", ")}`);
}

runMain(main);

// `npm run bench:gate`: how fast and how frugal the gate is, against the browser's own object.

import "./lib/require-node.js";

import { writeFileSync } from "node:fs";
import util from "node:util";

import { ENGINES, ensureBrowsers } from "./lib/browsers.js";
import { Failure, runMain } from "./lib/failure.js";
import { buildGate, statics } from "./lib/gate/build.js";
import { runEngine } from "./lib/gate/engine.js";
import { describeMachine, machineSentence } from "./lib/gate/machine.js";
import { withPeer } from "./lib/gate/peer.js";
import { FULL, QUICK, titleOf } from "./lib/gate/plan.js";
import { tablesOf } from "./lib/gate/table.js";
import { labels } from "./lib/gate/text.js";
import { rigStatics } from "./lib/rig/index.js";
import { servePages } from "./lib/serve.js";
import { ensureNpmPackages, ensureWasmBindgen, ensureWasmTarget } from "./lib/tools.js";

const HELP = `Measures what the gate costs and saves, and prints it as Markdown. Says whether budgets are held, and
fails only when something broke.

  npm run bench:gate                           all engines, 5 to 15 rounds, about 25 minutes
  npm run bench:gate -- --quick                1 round of less, about 3 minutes
  npm run bench:gate -- --browser firefox      one engine of: ${ENGINES.join(", ")}
  npm run bench:gate -- --json FILE            also writes every round to a file`;

async function main() {
  const { help, browser, quick, json } = readArguments();
  if (help) return void console.log(HELP);
  await ensureWasmTarget();
  await ensureNpmPackages();
  const browsers = await ensureBrowsers(browser && [browser]);
  await buildGate(await ensureWasmBindgen());
  const plan = quick ? QUICK : FULL;
  const machine = await describeMachine(browsers);
  const results = await runEngines(browsers, plan);
  print(machine, results);
  if (json) writeFileSync(json, `${JSON.stringify({ machine, plan, results }, null, 2)}\n`);
  return results.some(hasFailed) ? 1 : 0;
}

// What was measured in one engine is not lost because another one failed.
async function runEngines(browsers, plan) {
  const results = [];
  const page = await servePages([...statics, ...rigStatics]);
  try {
    await withPeer(async (peer) => {
      for (const browser of browsers) {
        const { engine } = browser;
        const run = runEngine(browser, plan, { page, peer }).then((cases) => ({ engine, cases }));
        results.push(await run.catch((error) => ({ engine, cases: [], failure: error.message })));
      }
    });
  } finally {
    await page.close();
  }
  return results;
}

function print(machine, results) {
  console.log(`\n${machineSentence(machine)}`);
  for (const { engine, cases, failure } of results) {
    const tables = failure ? `Not measured: ${failure}` : tablesOf(engine, cases);
    console.log(`\n### ${machine.browsers[engine]}\n\n${tables}`);
    for (const broken of cases.filter((each) => each.failure)) printBroken(broken);
  }
}

function printBroken({ group, mode, round, failure }) {
  console.log(`\nbroken: ${titleOf(group)}, ${labels[mode]}, round ${round + 1}: ${failure}`);
}

function hasFailed({ cases, failure }) {
  return failure || cases.some((each) => each.failure);
}

function readArguments() {
  const { values } = parse();
  const { browser } = values;
  if (browser && !ENGINES.includes(browser))
    throw new Failure(`"${browser}" is not a browser: ${ENGINES.join(", ")}`);
  return values;
}

function parse() {
  try {
    const options = {
      browser: { type: "string" },
      quick: { type: "boolean" },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
    };
    return util.parseArgs({ options });
  } catch (error) {
    throw new Failure(`${error.message.split(". ")[0]} (see npm run bench:gate -- --help)`);
  }
}

runMain(main);

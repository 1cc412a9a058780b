// Runs the Node tests of one folder.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { run } from "./commands.js";
import { Failure } from "./failure.js";
import { root } from "./paths.js";

export async function runNodeTests(folder, { env, filter } = {}) {
  await runFiles(requireTests(folder), { env, filter });
}

// For tests that disturb each other: one file after the other, and fails after all have ended.
export async function runNodeTestsInTurn(folder, { env, filter } = {}) {
  const failed = [];
  for (const file of requireTests(folder)) {
    console.log(`→ ${file}`);
    await runFiles([file], { env, filter }).catch(() => failed.push(file));
  }
  if (failed.length) throw new Failure(`tests failed in ${failed.join(", ")}`);
}

// The files are named one by one, because Node 20 and later ones disagree on what a folder as an argument means.
async function runFiles(files, { env, filter }) {
  const named = filter ? ["--test-name-pattern", filter] : [];
  await run(process.execPath, ["--test", "--test-reporter", "spec", ...named, ...files], { env, timeout: 10 * 60 });
}

function requireTests(folder) {
  const files = findTests(folder);
  if (files.length === 0) throw new Failure(`there are no tests in ${folder}`);
  return files;
}

function findTests(folder) {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder), { recursive: true });
  return names
    .filter((name) => /[._-]test\.m?js$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

// Runs the Node tests of one folder.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { run } from "./commands.js";
import { Failure } from "./failure.js";
import { root } from "./paths.js";

// The files are named one by one, because Node 20 and later ones disagree on what a folder as an argument means.
export async function runNodeTests(folder, { env } = {}) {
  const files = findTests(folder);
  if (files.length === 0) throw new Failure(`there are no tests in ${folder}`);
  await run(process.execPath, ["--test", ...files], { env, timeout: 10 * 60 });
}

function findTests(folder) {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder), { recursive: true });
  return names
    .filter((name) => /[._-]test\.m?js$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

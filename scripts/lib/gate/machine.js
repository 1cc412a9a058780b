// On what machine and with which versions something was measured.

import { cpus } from "node:os";

import { ask, read } from "../commands.js";
import { withDisplay } from "../display.js";

const NAMES = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKitGTK" };

export async function describeMachine(browsers) {
  const versions = {};
  for (const browser of browsers) versions[browser.engine] = await describeBrowser(browser);
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0].model,
    cores: cpus().length,
    browsers: versions,
    rustc: ask("rustc", ["--version"]),
    commit: ask("git", ["rev-parse", "--short", "HEAD"]),
  };
}

export function machineSentence({ date, cpu, cores, rustc, commit }) {
  return `${date}, ${cpu}, ${cores} cores, ${rustc}, commit ${commit}.`;
}

// "WebKitGTK 2.50.6", whatever the program calls itself.
async function describeBrowser({ engine, program }) {
  // The MiniBrowser needs a display even for this.
  const output = await withDisplay((env) => read(program, ["--version"], { env, timeout: 30 }));
  return `${NAMES[engine]} ${output.match(/\d+(\.\d+)+\w*/)?.[0] ?? "of unknown version"}`;
}

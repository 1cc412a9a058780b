// On what machine and with which versions something was measured.

import { cpus } from "node:os";

import { ask } from "../commands.js";

const NAMES = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKitGTK" };

export function describeMachine(browsers) {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0].model,
    cores: cpus().length,
    browsers: Object.fromEntries(browsers.map((browser) => [browser.engine, describeBrowser(browser)])),
    rustc: ask("rustc", ["--version"]),
    commit: ask("git", ["rev-parse", "--short", "HEAD"]),
  };
}

export function machineSentence({ date, cpu, cores, rustc, commit }) {
  return `${date}, ${cpu}, ${cores} cores, ${rustc}, commit ${commit}.`;
}

// "WebKitGTK 2.50.6", whatever the program calls itself.
function describeBrowser({ engine, program }) {
  const version = ask(program, ["--version"])?.match(/\d+(\.\d+)+\w*/)?.[0];
  return `${NAMES[engine]} ${version ?? "of unknown version"}`;
}

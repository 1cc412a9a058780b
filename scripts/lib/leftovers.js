// Finds processes of this run that left their process group, as a killed driver's browser does.

import { readdirSync, readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";

// Every child gets this in its environment and hands it down. The name is this process's own, so that what is started
// by a process that we started has both its tag and ours.
export const tag = { [`SLUICEGATE_RUN_${process.pid}`]: randomUUID() };

// Only Linux shows the environment of a process; elsewhere the process group has to do.
export function killTagged(variable = tag) {
  for (const pid of taggedProcesses(variable)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

// The processes that live and have this variable in their environment.
export function taggedProcesses(variable = tag) {
  if (process.platform !== "linux") return [];
  const [text] = Object.entries(variable).map((pair) => pair.join("="));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isTagged(name, text))
    .map(Number);
}

function isTagged(pid, text) {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(text);
  } catch {
    return false;
  }
}

// Finds processes of this run that left their process group, as a killed driver's browser does.

import { readdirSync, readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";

const NAME = "SLUICEGATE_RUN";

// Every child gets this in its environment and hands it down.
export const tag = { [NAME]: randomUUID() };

// Only Linux shows the environment of a process; elsewhere the process group has to do.
export function killTagged() {
  for (const pid of taggedProcesses()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

function taggedProcesses() {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isTagged(name))
    .map(Number);
}

function isTagged(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${NAME}=${tag[NAME]}`);
  } catch {
    return false;
  }
}

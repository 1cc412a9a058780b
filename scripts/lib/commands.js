// Runs commands, passes their output through, and ends all that they started when they or we end.

import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Failure } from "./failure.js";
import { killTagged, tag } from "./leftovers.js";
import { root, target } from "./paths.js";

const GRACE_MS = 3_000;

const running = new Set();
const cleanups = [];
let interrupted = false;

// Resolves when the command succeeded. `timeout` is in seconds.
export async function run(command, args, { env, timeout } = {}) {
  const child = start(command, args, { env, stdio: ["ignore", "inherit", "inherit"] });
  const end = await ended(child, timeout);
  await stop(child);
  if (end !== 0) throw new Failure(`\`${shown(command, args)}\` ${howItEnded(end)}`);
}

// The same, but gives back what the command wrote to its standard output.
export async function read(command, args, { env, timeout } = {}) {
  const child = start(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => (output += chunk));
  const end = await ended(child, timeout);
  await stop(child);
  if (end !== 0) throw new Failure(`\`${shown(command, args)}\` ${howItEnded(end)}`);
  return output;
}

// What a quick command says, or null when it cannot be run or fails.
export function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout.trim() : null;
}

// A child in a process group of its own, so that what it starts can be ended with it.
export function start(command, args, { env, stdio }) {
  if (interrupted) throw new Failure("interrupted");
  const child = spawn(command, args, {
    cwd: root,
    detached: true,
    env: { ...process.env, CARGO_TARGET_DIR: target, ...tag, ...env },
    stdio,
  });
  running.add(child);
  return child;
}

// Ends what is left of a child's process group: politely, then for good.
export async function stop(child) {
  running.delete(child);
  if (!signalGroup(child, "SIGTERM")) return;
  const deadline = Date.now() + GRACE_MS;
  while (Date.now() < deadline && signalGroup(child, 0)) await sleep(50);
  signalGroup(child, "SIGKILL");
}

// Runs `action` when this process is interrupted, after its children have ended.
export function onInterrupt(action) {
  cleanups.push(action);
}

export function findOnPath(name) {
  for (const directory of (process.env.PATH || "").split(delimiter)) {
    const path = join(directory, name);
    if (directory && isExecutable(path)) return path;
  }
  return null;
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

// Never resolves once we are interrupted, so that what would come next is not begun.
function ended(child, timeout) {
  return new Promise((resolve) => {
    const timer = timeout && setTimeout(() => resolve("timeout"), timeout * 1_000);
    child.on("error", (error) => resolve(error.code === "ENOENT" ? "missing" : error.message));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (!interrupted) resolve(signal || code);
    });
  });
}

function howItEnded(end) {
  if (end === "timeout") return "took too long and was ended";
  if (end === "missing") return "could not be started: it is not installed";
  return typeof end === "number" ? `failed with exit code ${end}` : `was ended: ${end}`;
}

function shown(command, args) {
  return [command.split("/").pop(), ...args].join(" ");
}

// False when nobody is left in the group.
export function signalGroup(child, signal) {
  if (!child.pid) return false;
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function interrupt(exitCode) {
  if (interrupted) return;
  interrupted = true;
  await Promise.all([...running].map(stop));
  killTagged();
  for (const action of cleanups) await action();
  process.exit(exitCode);
}

process.on("SIGINT", () => interrupt(130));
process.on("SIGTERM", () => interrupt(143));
process.on("SIGHUP", () => interrupt(129));

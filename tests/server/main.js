#!/usr/bin/env node
// The server on the command line: `node tests/server/main.js --help`.

import { rename, rm, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { startServer } from "./index.js";

const USAGE = `usage: main.js [--port N] [--host ADDRESS] [--static [PREFIX=]DIRECTORY]... [--control]
               [--ready-file PATH]

  --port N            8080 unless given; 0 takes any free port
  --host ADDRESS      127.0.0.1 unless given
  --static DIRECTORY  serves a directory, under / or under PREFIX; may be repeated
  --control           switches the control interface on, for tests only
  --ready-file PATH   writes JSON { port, url, pid } there once the server listens`;

const ARGUMENTS = {
  port: { type: "string", default: "8080" },
  host: { type: "string" },
  static: { type: "string", multiple: true, default: [] },
  control: { type: "boolean", default: false },
  "ready-file": { type: "string" },
  help: { type: "boolean", default: false },
};

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function main() {
  const { values } = parseArgs({ options: ARGUMENTS });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const server = await startServer({
    host: values.host,
    port: parsePort(values.port),
    statics: values.static.map(parseMount),
    control: values.control,
  });
  const readyFile = values["ready-file"];
  stopOnSignal(server, readyFile);
  if (readyFile) await announce(readyFile, server);
  console.log(`listening on ${server.url}`);
}

function parsePort(text) {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new Error(`--port must be a number from 0 to 65535, not ${text}`);
}

function parseMount(text) {
  const [, prefix = "/", directory] = /^(?:(\/[^=]*)=)?(.+)$/s.exec(text) ?? [];
  if (!directory) throw new Error("--static needs a directory");
  return { prefix, directory };
}

/** By renaming, so that whoever waits for the file never reads half of it. */
async function announce(path, { port, url }) {
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, JSON.stringify({ port, url, pid: process.pid }));
  await rename(unfinished, path);
}

/** The process ends by itself once the server has closed; a second signal ends it at once. */
function stopOnSignal(server, readyFile) {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, async () => {
      if (readyFile) await rm(readyFile, { force: true });
      await server.close();
    });
  }
}

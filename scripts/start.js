// `npm start`: installs what is missing, builds the demo, serves it and says where.

import "./lib/require-node.js";

import { createServer } from "node:net";
import util from "node:util";

import { buildApp, demo } from "./lib/build.js";
import { onInterrupt } from "./lib/commands.js";
import { Failure, runMain } from "./lib/failure.js";
import { serveDemo } from "./lib/serve.js";
import { stopwatch } from "./lib/steps.js";
import { ensureNpmPackages, requireRust } from "./lib/tools.js";

const HELP = `Builds the demo and serves it on this machine. Needs Rust (rustup) and Node 20; installs the rest.

  npm start                    http://127.0.0.1:8080/
  npm start -- --port 9000     another port; 0 takes any free one
  npm start -- --help          this text`;

async function main() {
  const { help, port } = readArguments();
  if (help) return void console.log(HELP);
  const seconds = stopwatch();
  requireRust();
  await requireFreePort(port);
  await ensureNpmPackages();
  await buildApp(demo);
  const server = await serve(port);
  console.log(`\nThe demo is at ${server.url}  (ready after ${seconds()} s; Ctrl-C ends it)`);
}

async function serve(port) {
  try {
    const server = await serveDemo(port);
    // Ending the server is what Ctrl-C is for: no failure.
    onInterrupt(async () => {
      await server.close();
      process.exit(0);
    });
    return server;
  } catch (error) {
    throw inWords(error, port);
  }
}

function readArguments() {
  const options = {
    port: { type: "string", default: "8080" },
    help: { type: "boolean", short: "h", default: false },
  };
  try {
    const { values } = util.parseArgs({ options });
    return { help: values.help, port: readPort(values.port) };
  } catch (error) {
    throw error instanceof Failure
      ? error
      : new Failure(`${error.message.split(". ")[0]} (see npm start -- --help)`);
  }
}

function readPort(text) {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new Failure(`a port is a number from 0 to 65535, not "${text}"`);
  return port;
}

// Asked first, so that nobody waits for a build to hear it.
function requireFreePort(port) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", (error) => reject(inWords(error, port)));
    probe.listen({ port, host: "127.0.0.1" }, () => probe.close(resolve));
  });
}

function inWords(error, port) {
  if (error.code === "EADDRINUSE")
    return new Failure(`port ${port} is taken: choose another with npm start -- --port N`);
  if (error.code === "EACCES")
    return new Failure(`port ${port} needs more rights: choose another with npm start -- --port N`);
  return error;
}

runMain(main);

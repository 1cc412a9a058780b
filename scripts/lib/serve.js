// Starts the repository's own server, which serves the demo and plays the peer in tests.

import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { demo } from "./build.js";
import { Failure } from "./failure.js";
import { root, target } from "./paths.js";

const page = join(target, "page");

const demoStatics = [
  { prefix: "/", directory: page },
  { prefix: "/pkg/", directory: demo.directory },
  { prefix: "/vendor/uplot/", directory: join(root, "node_modules/uplot/dist") },
];

export function serveDemo(port) {
  copyPage();
  return serve({ port, statics: demoStatics, control: false });
}

export function serveTests() {
  return serve({ port: 0, statics: [], control: true });
}

// Pages and the control over which they tell how they are.
export function servePages(statics) {
  return serve({ port: 0, statics, control: true });
}

// Imported late: the server may use npm packages, which are not there before `npm ci`.
async function serve(options) {
  const file = join(root, "tests/server/index.js");
  if (!existsSync(file)) throw new Failure("tests/server/index.js is missing");
  const { startServer } = await import(pathToFileURL(file).href);
  return startServer({ host: "127.0.0.1", ...options });
}

// Served is a copy of `www` without its Rust side, so that the server needs no list of what to hide.
function copyPage() {
  const www = join(root, "www");
  const hidden = [join(www, "src"), join(www, "Cargo.toml")];
  rmSync(page, { recursive: true, force: true });
  cpSync(www, page, { recursive: true, filter: (source) => !hidden.includes(source) });
}

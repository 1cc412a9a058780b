// Starts the native peer, so that the peer is not what is measured.

import { once } from "node:events";
import { createInterface } from "node:readline";

import { start, stop } from "../commands.js";
import { Failure } from "../failure.js";
import { program } from "./build.js";

// Calls `action` with the peer's address.
export async function withPeer(action) {
  // It ends when its input does, so also when we are killed.
  const child = start(program, [], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    return await action(`ws://127.0.0.1:${await portOf(child)}`);
  } finally {
    await stop(child);
  }
}

async function portOf(child) {
  const ended = Promise.race([once(child, "error"), once(child, "exit")]).then(() => {
    throw new Failure("the peer ended before it had a port");
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), ended]);
  return JSON.parse(line).port;
}

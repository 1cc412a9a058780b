// Where things are: the repository, what is built, and what is kept between checkouts.

import { rmSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export const target = resolve(root, process.env.CARGO_TARGET_DIR || "target");

// Stays under the root whatever the target directory is: the test page is served from the root and fetches it.
export const serverAddressFile = join(root, "target", "test-server.json");

export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "sluicegate");

// Removes a path when this process ends, interrupted or not, or when the function that it returns is called.
export function removeAtExit(path) {
  const remove = () => {
    process.off("exit", remove);
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  };
  process.on("exit", remove);
  return remove;
}

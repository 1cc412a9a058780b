// /deaf: opens, then never reads, and so never answers a close; `?read=1` reads but ignores everything.

import { readChoice } from "../target.js";

const MAX_LIFETIME_MS = 10 * 60_000;

export function createDeaf() {
  return {
    pattern: "/deaf",
    read: ({ query }) => ({ reads: readChoice("read", query.get("read"), ["0", "1"]) === "1" }),
    run(connection, { reads }) {
      connection.limitLifetime(MAX_LIFETIME_MS);
      if (reads) connection.discardInput();
      else connection.holdReading("deaf");
    },
  };
}

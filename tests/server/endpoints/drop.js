// /drop: opens, then resets the TCP connection.

import { readInteger } from "../target.js";

// A reset can overtake the handshake's answer in the client's kernel: a moment lets it open first.
const MOMENT_MS = 20;

export function createDrop() {
  return {
    pattern: "/drop",
    read({ query }) {
      const limits = { min: 0, max: 60_000, fallback: MOMENT_MS };
      return { after: readInteger("after", query.get("after"), limits) };
    },
    async run(connection, { after }) {
      await connection.sleep(after);
      connection.cut();
    },
  };
}

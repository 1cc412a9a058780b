// /slow: a sink that reads at a given rate, so that the rest stays with the sender.

import { readInteger } from "../target.js";
import { ThrottledStream } from "../throttled-stream.js";
import { tally } from "./tally.js";

export function createSlow() {
  return {
    pattern: "/slow",
    read: ({ query }) => ({ rate: readInteger("rate", query.get("rate"), { min: 1, max: 1 << 30 }) }),
    wrap: (socket, { rate }) => new ThrottledStream(socket, rate),
    run: tally,
  };
}

// /sink: takes everything, counts it, and reports on request.

import { tally } from "./tally.js";

export function createSink() {
  return { pattern: "/sink", run: tally };
}

// /burst: sends many messages right after open, as fast as the peer reads them.

import { setImmediate as nextTurn } from "node:timers/promises";

import { HttpError } from "../http.js";
import { readChoice, readInteger } from "../target.js";

const MAX_TOTAL = 1 << 30;
const MAX_PER_WRITE = 64;

export function createBurst() {
  return { pattern: "/burst", read, run };
}

function read({ query }) {
  const options = {
    count: readInteger("count", query.get("count"), { min: 0, max: 1_000_000, fallback: 100 }),
    size: readInteger("size", query.get("size"), { min: 0, max: 16 << 20, fallback: 64 }),
    interval: readInteger("interval", query.get("interval"), { min: 0, max: 60_000, fallback: 0 }),
    kind: readChoice("kind", query.get("kind"), ["text", "binary"]),
    thenClose: readChoice("then", query.get("then"), ["stay", "close"]) === "close",
  };
  if (options.count * options.size <= MAX_TOTAL) return options;
  throw new HttpError(400, `count times size must be at most ${MAX_TOTAL} bytes`);
}

async function run(connection, options) {
  const message = options.kind === "text" ? textMessage : binaryMessage;
  const perWrite = options.interval > 0 ? 1 : MAX_PER_WRITE;
  let index = 0;
  while (index < options.count) {
    sendSome(Math.min(index + perWrite, options.count));
    if (!(await connection.drained())) return;
    if (options.interval > 0) await connection.sleep(options.interval);
    else await nextTurn(); // a fast peer never lets us wait, and others want to be served, too
  }
  if (options.thenClose) connection.close(1000);

  function sendSome(end) {
    connection.inOneWrite(() => {
      do connection.send(message(index++, options.size));
      while (index < end && !connection.needsDrain);
    });
  }
}

/** The index in at least eight digits, then dots; only its last digits when `size` is smaller. */
function textMessage(index, size) {
  const digits = String(index).padStart(8, "0");
  return size < digits.length ? digits.slice(digits.length - size) : digits.padEnd(size, ".");
}

/** The index as u32 little endian, then zeros; all zeros when there is no room for it. */
function binaryMessage(index, size) {
  const message = Buffer.alloc(size);
  if (size >= 4) message.writeUInt32LE(index);
  return message;
}

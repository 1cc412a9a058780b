// Scripted connections: steps defined by a test, run for every client of /script/:name.

import { HttpError } from "./http.js";
import { readName } from "./target.js";
import { readCloseReason } from "./close-frame.js";

const MAX_SCRIPTS = 100;
const MAX_STEPS = 1000;
const MAX_WAIT_MS = 600_000;
const MAX_UNEXPECTED = 1000;

/**
 * Each step is an object with one key:
 * - `{ "send": "text" }` or `{ "send": { "base64": "…" } }`
 * - `{ "raw": "base64" }` bytes on the wire, which need not be a valid frame
 * - `{ "wait": milliseconds }`
 * - `{ "expect": "text" }`, `{ "expect": { "base64": "…" } }` or `{ "expect": { "any": true } }`: waits
 *   for the next message; another one than expected closes with 4400
 * - `{ "close": { "code": 4001, "reason": "…" } }`, or `{ "close": {} }` without a code
 * - `{ "drop": true }` TCP reset
 * - `{ "pause": true }`, `{ "resume": true }` stop and go on reading and writing
 *
 * After the last step the connection stays open and ignores what comes.
 */
export class Scripts {
  #scripts = new Map();

  define(name, steps) {
    readName("name", name ?? null);
    if (!Array.isArray(steps) || steps.length > MAX_STEPS) {
      throw new HttpError(400, `steps must be an array of at most ${MAX_STEPS}`);
    }
    steps.forEach(checkStep);
    if (!this.#scripts.has(name) && this.#scripts.size >= MAX_SCRIPTS) {
      throw new HttpError(400, `at most ${MAX_SCRIPTS} scripts`);
    }
    this.#scripts.set(name, structuredClone(steps));
  }

  /** @returns {object[] | undefined} */
  get(name) {
    return this.#scripts.get(name);
  }
}

/** @param {import("./connection.js").Connection} connection  @param {object[]} steps */
export async function runScript(connection, steps) {
  const inbox = createInbox(connection);
  let expected = steps.filter((step) => "expect" in step).length;
  for (const step of steps) {
    if (expected === 0) inbox.close();
    if (!connection.isOpen) return;
    const [[action, value]] = Object.entries(step);
    await ACTIONS[action](connection, value, inbox);
    if (connection.failure) return;
    if (action === "expect") expected -= 1;
  }
  inbox.close();
}

const ACTIONS = {
  send: (connection, value) => connection.send(decodeData(value)),
  raw: (connection, value) => connection.sendRaw(Buffer.from(value, "base64")),
  wait: (connection, value) => connection.sleep(value),
  expect,
  close: (connection, value) => connection.close(value.code, value.reason),
  drop: (connection) => connection.cut(),
  pause: (connection) => connection.pause(),
  resume: (connection) => connection.resume(),
};

async function expect(connection, wanted, inbox) {
  const message = await inbox.next();
  if (message === null || wanted.any) return; // null: the connection ended
  const { data, isBinary } = message;
  const isSame = isBinary === (typeof wanted !== "string") && data.equals(Buffer.from(decodeData(wanted)));
  if (isSame) return;
  const got = isBinary ? `${data.length} bytes` : JSON.stringify(data.toString());
  connection.failure = `expected ${JSON.stringify(wanted)}, got ${got}`;
  connection.close(4400, connection.failure);
}

function decodeData(value) {
  return typeof value === "string" ? value : Buffer.from(value.base64, "base64");
}

/** Messages that came before the script asked for them. */
function createInbox(connection) {
  const waiting = [];
  let isOpen = true;
  let wake = () => {};
  connection.ended.addEventListener("abort", () => wake());
  connection.onMessage((data, isBinary) => {
    if (!isOpen) return;
    waiting.push({ data, isBinary });
    if (waiting.length >= MAX_UNEXPECTED) connection.holdReading("inbox");
    wake();
  });

  return {
    async next() {
      while (waiting.length === 0 && !connection.hasEnded) {
        await new Promise((resolve) => (wake = resolve));
      }
      connection.releaseReading("inbox");
      return waiting.shift() ?? null;
    },
    close() {
      isOpen = false;
      waiting.length = 0;
      connection.releaseReading("inbox");
    },
  };
}

function checkStep(step, index) {
  const entries = typeof step === "object" && step !== null ? Object.entries(step) : [];
  const [action, value] = entries[0] ?? [];
  if (entries.length === 1 && Object.hasOwn(CHECKS, action) && CHECKS[action](value)) return;
  throw new HttpError(400, `step ${index} is not valid: ${JSON.stringify(step)?.slice(0, 200)}`);
}

const CHECKS = {
  send: isData,
  raw: isText,
  wait: (value) => isIntegerWithin(value, 0, MAX_WAIT_MS),
  expect: (value) => isData(value) || value?.any === true,
  close: isClose,
  drop: isTrue,
  pause: isTrue,
  resume: isTrue,
};

function isData(value) {
  return isText(value) || isText(value?.base64);
}

function isText(value) {
  return typeof value === "string";
}

function isTrue(value) {
  return value === true;
}

function isIntegerWithin(value, min, max) {
  return Number.isInteger(value) && value >= min && value <= max;
}

function isClose(value) {
  if (typeof value !== "object" || value === null) return false;
  const { code, reason } = value;
  if (code === undefined) return reason === undefined;
  if (reason !== undefined && !isText(reason)) return false;
  readCloseReason(reason ?? "");
  return isIntegerWithin(code, 0, 65_535);
}

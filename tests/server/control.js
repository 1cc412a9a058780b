// The control interface: what tests ask and tell the server, as methods and over HTTP.

import { Boards } from "./boards.js";
import { HttpError, OPEN_TO_ALL_ORIGINS, answerJson, answerPreflight, requireMethod } from "./http.js";
import { readInteger, readName } from "./target.js";

const MAX_BODY = 1 << 20;
const LONGEST_READ_MS = 60_000;

/**
 * A `name` is a connection's id, or its label: of several with that label the newest living one.
 * Every method throws an error with a one-line reason when it cannot do what it is asked.
 */
export class Control {
  #boards = new Boards();
  #connections;
  #scripts;

  constructor(connections, scripts) {
    this.#connections = connections;
    this.#scripts = scripts;
  }

  /** All living connections and the last 1,000 ended ones, oldest first. @param {string} [name] */
  connections(name) {
    return this.#connections.list(name).map((connection) => connection.describe());
  }

  /** Resets the TCP connection. */
  cut(name) {
    this.#living(name).cut();
  }

  /** Stops reading and writing. */
  pause(name) {
    this.#living(name).pause();
  }

  resume(name) {
    this.#living(name).resume();
  }

  /** Defines what `/script/:name` does; see `scripts.js` for the steps. */
  script(name, steps) {
    this.#scripts.define(name, steps);
  }

  /** The transcript of a connection opened with `?record=1`. */
  record(name) {
    const transcript = this.#find(name).transcript();
    if (transcript) return transcript;
    throw new HttpError(404, "this connection was not opened with ?record=1");
  }

  /** Puts a value at the end of a board, which pages and tests read. */
  put(board, value) {
    this.#boards.put(readName("the board's name", board), value);
  }

  /** The values of a board from the `from`-th on; waits until there is one, or the signal is aborted. */
  read(board, from = 0, signal) {
    return this.#boards.read(readName("the board's name", board), from, signal);
  }

  #find(name) {
    const connection = this.#connections.find(name);
    if (connection) return connection;
    throw new HttpError(404, "no such connection");
  }

  #living(name) {
    const connection = this.#find(name);
    if (!connection.hasEnded) return connection;
    throw new HttpError(409, "this connection has ended");
  }
}

/** @param {Control} control */
export function createControlHandler(control) {
  return async function handleControl(request, response, { segments, query }) {
    if (request.method === "OPTIONS") {
      answerPreflight(response);
      return;
    }
    const [, topic, name, action] = segments;
    const route = Object.hasOwn(ROUTES, topic) ? ROUTES[topic] : null;
    const isKnown = route?.shapes.includes(segments.length);
    if (!isKnown) throw new HttpError(404, "no such control");
    const result = await route.answer(control, request, { name, action, query, response });
    answerJson(response, 200, result ?? { ok: true }, OPEN_TO_ALL_ORIGINS);
  };
}

const ROUTES = {
  board: { shapes: [3], answer: answerBoard },
  connections: { shapes: [2, 4], answer: answerConnections },
  record: { shapes: [3], answer: answerRecord },
  script: { shapes: [2], answer: answerScript },
};

function answerConnections(control, request, { name, action, query }) {
  if (name === undefined) {
    requireMethod(request, "GET", "HEAD");
    return control.connections(query.get("id") ?? undefined);
  }
  if (!["cut", "pause", "resume"].includes(action)) throw new HttpError(404, "no such control");
  requireMethod(request, "POST");
  return control[action](name);
}

async function answerBoard(control, request, { name, query, response }) {
  requireMethod(request, "GET", "POST");
  if (request.method === "POST") return control.put(name, await readJson(request));
  const from = readInteger("from", query.get("from"), { min: 0, max: 1e9, fallback: 0 });
  return control.read(name, from, untilLeft(response));
}

/** Aborted when the client has left or has waited long enough. */
function untilLeft(response) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), LONGEST_READ_MS);
  response.once("close", () => {
    clearTimeout(timer);
    controller.abort();
  });
  return controller.signal;
}

function answerRecord(control, request, { name }) {
  requireMethod(request, "GET", "HEAD");
  return control.record(name);
}

async function answerScript(control, request) {
  requireMethod(request, "POST");
  const body = await readJson(request);
  return control.script(body?.name, body?.steps);
}

async function readJson(request) {
  const tooLarge = new HttpError(413, `the body must be at most ${MAX_BODY} bytes`);
  if (Number(request.headers["content-length"]) > MAX_BODY) throw tooLarge;
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY) throw tooLarge; // a body of unannounced length: this also ends the connection
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks));
  } catch {
    throw new HttpError(400, "the body is not valid JSON");
  }
}

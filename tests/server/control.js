// The control interface: what tests ask and tell the server, as methods and over HTTP.

import { HttpError, OPEN_TO_ALL_ORIGINS, answerJson, answerPreflight, requireMethod } from "./http.js";

const MAX_BODY = 1 << 20;

/**
 * A `name` is a connection's id, or its label: of several with that label the newest living one.
 * Every method throws an error with a one-line reason when it cannot do what it is asked.
 */
export class Control {
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
    const result = await route.answer(control, request, { name, action, query });
    answerJson(response, 200, result ?? { ok: true }, OPEN_TO_ALL_ORIGINS);
  };
}

const ROUTES = {
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

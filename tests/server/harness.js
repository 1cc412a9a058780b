// What the tests share: a server per test, a client that remembers, raw sockets, bounded waiting.

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";

import { startServer } from "./index.js";

const PATIENCE_MS = 15_000; // far more than needed, so that a busy machine fails no test

/** A server with the control interface, closed when the test ends. */
export async function serve(t, options = {}) {
  const server = await startServer({ control: true, ...options });
  t.after(() => server.close());
  return server;
}

/** Waits for a promise, but not for ever. */
export async function within(promise, what) {
  const timer = new AbortController();
  const late = delay(PATIENCE_MS, null, { signal: timer.signal }).then(() => {
    throw new Error(`waited too long for ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}

/** Asks again until the answer is truthy. */
export async function eventually(check, what) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const answer = await check();
    if (answer) return answer;
    await delay(10);
  }
  throw new Error(`waited too long for ${what}`);
}

export class Client {
  #messages = [];
  #wake = () => {};
  #close = null;

  constructor(url, protocols = [], options = {}) {
    this.ws = new WebSocket(url, protocols, { rejectUnauthorized: false, ...options });
    this.ws.on("error", (error) => (this.error = error));
    this.ws.on("message", (data, isBinary) => {
      this.#messages.push(isBinary ? data : data.toString());
      this.#wake();
    });
    this.ws.on("close", (code, reason) => {
      this.#close = { code, reason: reason.toString() };
      this.#wake();
    });
  }

  send(data) {
    this.ws.send(data);
  }

  sendJson(value) {
    this.send(JSON.stringify(value));
  }

  /** How many messages {@link next} would give at once. */
  get pending() {
    return this.#messages.length;
  }

  /** The next message; fails when the connection ends first. */
  async next() {
    await within(this.#until(() => this.#messages.length > 0 || this.#close), "a message");
    if (this.#messages.length > 0) return this.#messages.shift();
    throw new Error(`no message, but a close: ${JSON.stringify(this.#close)}`);
  }

  async nextJson() {
    return JSON.parse(await this.next());
  }

  async closed() {
    await within(this.#until(() => this.#close), "a close");
    return this.#close;
  }

  async #until(condition) {
    while (!condition()) await new Promise((resolve) => (this.#wake = resolve));
  }
}

/** Resolves to a {@link Client} that is open. */
export async function connect(url, protocols, options) {
  const client = new Client(url, protocols, options);
  await within(once(client.ws, "open"), `open of ${url}`);
  return client;
}

/** Resolves to the HTTP answer of a refused handshake. */
export async function refusal(url, options) {
  const ws = new WebSocket(url, [], options);
  ws.on("error", () => {});
  const [, response] = await within(once(ws, "unexpected-response"), `refusal of ${url}`);
  response.setEncoding("utf8");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body: body.trim() };
}

/** Sends bytes on a TCP connection; resolves to what came until the server ended it. */
export async function exchange(server, bytes) {
  const socket = connectTcp(server.port, "127.0.0.1");
  const chunks = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {}); // a reset is an end, too
  socket.write(bytes);
  await within(new Promise((resolve) => socket.on("close", resolve)), "the end of a connection");
  return Buffer.concat(chunks).toString("latin1");
}

/** A handshake for raw sockets. */
export function handshake(path, headers = []) {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "host: localhost",
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** A client frame with a mask of zeros. `first` is its first byte, e.g. 0x81 for a whole text. */
export function frame(first, payload = "") {
  const body = Buffer.from(payload);
  return Buffer.concat([Buffer.of(first, 0x80 | body.length, 0, 0, 0, 0), body]);
}

/** A directory that is removed when the test ends. */
export async function temporaryDirectory(t) {
  const directory = await mkdtemp(join(tmpdir(), "sluicegate-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

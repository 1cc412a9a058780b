// Small pieces of HTTP: an error that carries a status, short answers, and refusing an upgrade.

import { STATUS_CODES } from "node:http";

/** An answer other than success; its message is the one-line reason the client reads. */
export class HttpError extends Error {
  constructor(status, reason, headers = {}) {
    super(reason);
    this.status = status;
    this.headers = headers;
  }
}

/** Lets pages of any origin read the answer, also pages under `cross-origin-embedder-policy`. */
export const OPEN_TO_ALL_ORIGINS = {
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};

export function answerText(response, status, text, headers = {}) {
  answer(response, status, `${text}\n`, { "content-type": "text/plain; charset=utf-8", ...headers });
}

export function answerJson(response, status, value, headers = {}) {
  answer(response, status, JSON.stringify(value), { "content-type": "application/json", ...headers });
}

export function answerPreflight(response) {
  response.writeHead(204, {
    ...OPEN_TO_ALL_ORIGINS,
    "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
    "access-control-allow-headers": "content-type",
  });
  response.end();
}

export function requireMethod(request, ...allowed) {
  if (allowed.includes(request.method)) return;
  const reason = `${request.method} is not allowed here, use ${allowed.join(" or ")}`;
  throw new HttpError(405, reason, { allow: allowed.join(", ") });
}

/** Answers an upgrade request with a plain HTTP response and ends the connection. */
export function refuseUpgrade(socket, status, reason) {
  const body = `${reason}\n`;
  socket.once("finish", () => socket.destroy());
  socket.resume(); // unread bytes would turn our FIN into a reset, and the answer might be lost
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}\r\n` +
      "connection: close\r\n" +
      "content-type: text/plain; charset=utf-8\r\n" +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n` +
      body,
  );
}

function answer(response, status, body, headers) {
  response.writeHead(status, {
    "cache-control": "no-cache",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body); // Node leaves the body out of an answer to HEAD
}

// The embedded server: static files for the demo, WebSocket endpoints for tests, and control over both.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";

import { Connections } from "./connections.js";
import { Control, createControlHandler } from "./control.js";
import { createEndpoints } from "./endpoints/index.js";
import { createRequestHandler } from "./requests.js";
import { Scripts } from "./scripts.js";
import { createStaticHandler } from "./static.js";
import { createUpgradeHandler } from "./upgrade.js";

const CLOSE_GRACE_MS = 500;

/**
 * @typedef {object} ServerOptions
 * @property {string} [host] `127.0.0.1` by default; the endpoints trust their clients, so keep it local
 * @property {number} [port] 0 by default: any free port
 * @property {import("./static.js").Mount[]} [statics] directories to serve
 * @property {{ key: string | Buffer, cert: string | Buffer }} [tls] serves https and wss instead
 * @property {boolean} [control] switches the control interface on, for tests only
 *
 * @typedef {object} Server
 * @property {number} port
 * @property {string} url e.g. `http://127.0.0.1:8080`, without a slash at the end
 * @property {string} wsUrl the same with `ws:` or `wss:`
 * @property {Control | null} control null unless switched on
 * @property {() => Promise<void>} close closes every connection (1001), cuts what does not end at once,
 *   and frees the port
 */

/**
 * Starts a server; rejects when the port cannot be had.
 * @param {ServerOptions} [options]
 * @returns {Promise<Server>}
 */
export async function startServer(options = {}) {
  const { host = "127.0.0.1", port = 0, statics = [], tls, control: wantsControl = false } = options;
  const connections = new Connections();
  const scripts = wantsControl ? new Scripts() : null;
  const control = wantsControl ? new Control(connections, scripts) : null;
  const findEndpoint = createEndpoints(scripts);
  const handleControl = control && createControlHandler(control);
  const serveStatic = createStaticHandler(statics);

  const server = tls ? createHttpsServer(tls) : createHttpServer();
  const sockets = trackSockets(server);
  server.on("request", createRequestHandler({ serveStatic, handleControl, findEndpoint }));
  server.on("upgrade", createUpgradeHandler({ findEndpoint, connections }));
  await listen(server, host, port);

  const address = formatAddress(server.address());
  let closing = null;
  return {
    port: server.address().port,
    url: `${tls ? "https" : "http"}://${address}`,
    wsUrl: `${tls ? "wss" : "ws"}://${address}`,
    control,
    close: () => (closing ??= closeServer(server, sockets, connections)),
  };
}

/** Node forgets a socket after an upgrade, so closing needs a list of our own. */
function trackSockets(server) {
  const sockets = new Set();
  const track = (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  server.on("connection", track);
  server.on("secureConnection", track);
  return sockets;
}

async function listen(server, host, port) {
  try {
    server.listen({ host, port });
    await once(server, "listening"); // rejects on "error"
  } catch (error) {
    throw explainListenError(error, host, port);
  }
}

function explainListenError(error, host, port) {
  const reasons = {
    EADDRINUSE: `port ${port} is already in use; choose another with --port`,
    EACCES: `port ${port} is not allowed for this user; choose another with --port`,
    EADDRNOTAVAIL: `${host} is not an address of this machine`,
    ERR_SOCKET_BAD_PORT: `${port} is not a port number; choose one from 0 to 65535`,
  };
  return reasons[error.code] ? new Error(reasons[error.code], { cause: error }) : error;
}

function formatAddress({ address, family, port }) {
  return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}

async function closeServer(server, sockets, connections) {
  const closed = once(server, "close");
  server.close();
  await connections.shutDown(1001, "the server stops", CLOSE_GRACE_MS);
  for (const socket of sockets) socket.destroy();
  await closed;
}

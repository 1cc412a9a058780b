// Answers upgrade requests: finds the endpoint, checks the parameters, shakes hands, hands over.

import { WebSocketServer } from "ws";

import { Connection } from "./connection.js";
import { HttpError, refuseUpgrade } from "./http.js";
import { parseTarget, readChoice, readName } from "./target.js";

const MAX_PAYLOAD = 256 << 20;

/**
 * What a file in `endpoints/` provides.
 * @typedef {object} Endpoint
 * @property {string} pattern e.g. `/close/:code`
 * @property {(request: EndpointRequest) => object} [read] validates parameters into options; throws
 *   {@link HttpError} to refuse
 * @property {(connection: Connection, options: object) => void | Promise<void>} [run] called right after
 *   the handshake, before anything is read
 * @property {(socket, options: object) => import("node:stream").Duplex} [wrap] puts a stream between
 *   `ws` and the socket
 * @property {boolean} [neverAnswers] leaves the handshake hanging; `run` is called all the same
 *
 * @typedef {object} EndpointRequest
 * @property {Record<string, string>} params from the pattern
 * @property {URLSearchParams} query
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string[]} protocols requested subprotocols
 */

/** @param {{ findEndpoint, connections: import("./connections.js").Connections }} parts */
export function createUpgradeHandler({ findEndpoint, connections }) {
  const chosenProtocols = new WeakMap();
  const handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    handleProtocols: () => false,
  });
  // Not in `handleProtocols`: `ws` does not ask it when the client requested nothing.
  handshakes.on("headers", (headers, request) => {
    const protocol = chosenProtocols.get(request);
    if (protocol) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
  });

  return function handleUpgrade(request, socket, head) {
    socket.on("error", () => socket.destroy()); // peers may vanish at any time
    try {
      const target = parseTarget(request.url);
      const record = { id: connections.nextId(), url: request.url, ...readCommon(target) };
      answer({ request, socket, head, target, record });
    } catch (error) {
      refuse(socket, error);
    }
  };

  function answer(upgrade) {
    try {
      accept(upgrade);
    } catch (error) {
      // Refused attempts are remembered, too: tests of reconnection count them.
      const connection = new Connection(upgrade.record, upgrade.socket);
      connection.refused = error.status ?? 500;
      connections.add(connection);
      throw error;
    }
  }

  function accept({ request, socket, head, target, record }) {
    const { endpoint, params } = findEndpoint(target.segments);
    const protocols = splitList(request.headers["sec-websocket-protocol"]);
    const { query } = target;
    const options = endpoint.read?.({ params, query, headers: request.headers, protocols }) ?? {};

    if (endpoint.neverAnswers) {
      socket.on("end", () => socket.destroy()).resume(); // to notice when the client gives up
      start(new Connection(record, socket), endpoint, options);
      return;
    }
    chosenProtocols.set(request, "protocol" in options ? options.protocol : protocols[0]);
    if (head.length > 0) socket.unshift(head); // a wrapper must see these bytes, too
    const stream = endpoint.wrap?.(socket, options) ?? socket;
    handshakes.handleUpgrade(request, stream, Buffer.alloc(0), (ws) => {
      start(new Connection(record, socket, stream, ws), endpoint, options);
    });
  }

  async function start(connection, endpoint, options) {
    connections.add(connection);
    try {
      await endpoint.run?.(connection, options);
    } catch (error) {
      connection.fail(error);
    }
  }
}

function refuse(socket, error) {
  if (error instanceof HttpError) {
    refuseUpgrade(socket, error.status, error.message);
  } else {
    console.error(error);
    refuseUpgrade(socket, 500, "internal error");
  }
}

/** Parameters that every endpoint takes. */
function readCommon({ path, query }) {
  return {
    path,
    label: query.has("id") ? readName("id", query.get("id")) : null,
    record: readChoice("record", query.get("record"), ["0", "1"]) === "1",
  };
}

function splitList(header = "") {
  return header.split(",").map((item) => item.trim()).filter((item) => item !== "");
}

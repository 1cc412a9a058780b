// The table of endpoints, one set per server because chat rooms and scripts are state.

import { HttpError } from "../http.js";
import { createBurst } from "./burst.js";
import { createChat } from "./chat.js";
import { createClose } from "./close.js";
import { createDeaf } from "./deaf.js";
import { createDrop } from "./drop.js";
import { createEcho } from "./echo.js";
import { createHandshake } from "./handshake.js";
import { createHang } from "./hang.js";
import { createProtocol } from "./protocol.js";
import { createRefuse } from "./refuse.js";
import { createScriptEndpoint } from "./script.js";
import { createSink } from "./sink.js";
import { createSlow } from "./slow.js";

/** @param {import("../scripts.js").Scripts | null} scripts null when the control interface is off */
export function createEndpoints(scripts) {
  const endpoints = [
    createBurst(),
    createChat(),
    createClose(),
    createDeaf(),
    createDrop(),
    createEcho(),
    createHandshake(),
    createHang(),
    createProtocol(),
    createRefuse(),
    createSink(),
    createSlow(),
  ];
  if (scripts) endpoints.push(createScriptEndpoint(scripts));

  /** @param {string[]} segments of the path, decoded */
  return function findEndpoint(segments) {
    for (const endpoint of endpoints) {
      const params = match(endpoint.pattern, segments);
      if (params) return { endpoint, params };
    }
    throw new HttpError(404, "no such endpoint");
  };
}

function match(pattern, segments) {
  const expected = pattern.slice(1).split("/");
  if (expected.length !== segments.length) return null;
  const params = {};
  for (const [index, name] of expected.entries()) {
    if (name.startsWith(":")) params[name.slice(1)] = segments[index];
    else if (name !== segments[index]) return null;
  }
  return params;
}

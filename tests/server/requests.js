// Answers plain HTTP requests: health, control, static files, and a hint for WebSocket endpoints.

import {
  HttpError,
  OPEN_TO_ALL_ORIGINS,
  answerJson,
  answerPreflight,
  answerText,
  requireMethod,
} from "./http.js";
import { parseTarget } from "./target.js";

/** @param {{ serveStatic, handleControl: Function | null, findEndpoint }} parts */
export function createRequestHandler({ serveStatic, handleControl, findEndpoint }) {
  return async function handleRequest(request, response) {
    try {
      await answer(request, response);
    } catch (error) {
      answerError(request, response, error);
    }
  };

  async function answer(request, response) {
    const target = parseTarget(request.url);
    if (target.path === "/healthz") answerHealth(request, response);
    else if (handleControl && isControl(target)) await handleControl(request, response, target);
    else if (!(await serveStatic(request, response, target))) refuse(target);
  }

  function refuse({ segments }) {
    findEndpoint(segments); // throws a 404
    throw new HttpError(426, "this is a WebSocket endpoint", { upgrade: "websocket" });
  }
}

function answerHealth(request, response) {
  if (request.method === "OPTIONS") {
    answerPreflight(response);
    return;
  }
  requireMethod(request, "GET", "HEAD");
  answerJson(response, 200, { ok: true }, OPEN_TO_ALL_ORIGINS);
}

function isControl({ segments }) {
  return segments[0] === "control";
}

function answerError(request, response, error) {
  const clientLeft = request.destroyed && !request.complete;
  if (!(error instanceof HttpError) && !clientLeft) console.error(error);
  if (response.headersSent || clientLeft) {
    response.destroy();
    return;
  }
  // A body that nobody reads would stay in the way of the connection's next request.
  const headers = { ...error.headers, ...(request.complete ? {} : { connection: "close" }) };
  const isOpen = request.url.startsWith("/control/");
  const reason = error instanceof HttpError ? error.message : "internal error";
  answerText(response, error.status ?? 500, reason, { ...headers, ...(isOpen && OPEN_TO_ALL_ORIGINS) });
}

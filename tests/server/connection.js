// One connection as the server sees it: what endpoints use and what the control interface shows.

import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";

import { closeFrame, cutReason, isOrdinaryCode } from "./close-frame.js";
import { createRecording } from "./recording.js";

const CLOSE_TIMEOUT_MS = 30_000; // as long as `ws` waits after a Close frame of its own

/**
 * @typedef {object} Request
 * @property {string} id assigned by the server
 * @property {string | null} label chosen by the client with `?id=`
 * @property {string} path
 * @property {string} url the path with its query
 * @property {boolean} record keep a transcript
 */

export class Connection {
  /** The HTTP status of a refused handshake. */
  refused = null;
  /** Why its script could not go on, if it could not. */
  failure = null;

  #request;
  #socket;
  #stream;
  #ws;
  #recording;
  #received = { messages: 0, bytes: 0 };
  #sent = { messages: 0, bytes: 0 };
  #readingHolds = new Set();
  #closeWritten = false; // by hand, so that `ws` does not know
  #openedAt = Date.now();
  #closedAt = null;
  #closed = null;
  #ended = new AbortController();

  /**
   * @param {Request} request
   * @param {import("node:net").Socket} socket TCP or TLS
   * @param {import("node:stream").Duplex} [stream] what `ws` reads and writes: the socket or a wrapper
   * @param {WebSocket} [ws] absent when the handshake is refused or never answered
   */
  constructor(request, socket, stream = socket, ws = null) {
    this.#request = request;
    this.#socket = socket;
    this.#stream = stream;
    this.#ws = ws;
    this.#recording = request.record ? createRecording() : null;
    this.#ended.signal.addEventListener("abort", () => (this.#closedAt = Date.now()));
    if (ws) this.#watch(ws);
    else socket.once("close", () => this.#end(1006, ""));
  }

  get id() {
    return this.#request.id;
  }

  get label() {
    return this.#request.label;
  }

  get isOpen() {
    return this.#ws?.readyState === WebSocket.OPEN && !this.#closeWritten;
  }

  get hasEnded() {
    return this.#closed !== null;
  }

  get isPaused() {
    return this.#readingHolds.has("pause");
  }

  /** Bytes that wait in this process for the peer to read. */
  get bufferedAmount() {
    return this.#ws?.bufferedAmount ?? 0;
  }

  get needsDrain() {
    return this.#stream.writableNeedDrain;
  }

  /** Aborted when the connection has ended. */
  get ended() {
    return this.#ended.signal;
  }

  /** @param {(data: Buffer, isBinary: boolean) => void} handler */
  onMessage(handler) {
    this.#ws.on("message", (data, isBinary) => {
      try {
        handler(data, isBinary);
      } catch (error) {
        this.fail(error);
      }
    });
  }

  /** A defect in an endpoint costs its connection, not the server. */
  fail(error) {
    console.error(`connection ${this.id} (${this.#request.path}):`, error);
    this.close(1011, "the endpoint failed");
  }

  /** @param {string | Uint8Array} data  @param {boolean} [isBinary] */
  send(data, isBinary = typeof data !== "string") {
    if (!this.isOpen) return;
    count(this.#sent, data);
    this.#recording?.add("sent", data, isBinary);
    this.#ws.send(data, { binary: isBinary });
  }

  sendJson(value) {
    this.send(JSON.stringify(value));
  }

  /** Bytes that need not be a valid frame. */
  sendRaw(bytes) {
    if (this.isOpen) this.#stream.write(bytes);
  }

  /** Several small sends leave in one write. */
  inOneWrite(action) {
    this.#stream.cork();
    action();
    this.#stream.uncork();
  }

  /** Waits until what was sent is on its way. Resolves to whether the connection is still open. */
  async drained() {
    if (this.isOpen && this.needsDrain) {
      await once(this.#stream, "drain", { signal: this.ended }).catch(() => {});
    }
    return this.isOpen;
  }

  /** Resolves to whether the connection is still open; early when it ends. */
  async sleep(ms) {
    await delay(ms, null, { signal: this.ended }).catch(() => {});
    return this.isOpen;
  }

  /**
   * Sends a Close frame: without a code an empty one; with a code that `ws` refuses, one written by hand.
   * A peer that answers the latter gets its answer echoed by `ws`, which a closing peer ignores.
   */
  close(code, reason = "") {
    if (!this.isOpen) return;
    if (code === undefined || isOrdinaryCode(code)) {
      this.#ws.close(code, cutReason(reason));
      return;
    }
    this.#closeWritten = true;
    this.#stream.write(closeFrame(code, cutReason(reason)));
    this.#cutAfter(CLOSE_TIMEOUT_MS);
  }

  /** A TCP reset: no Close frame, and what waits is lost. */
  cut() {
    if (!this.hasEnded) tcpSocket(this.#socket).resetAndDestroy();
  }

  /** Stops reading for a cause, until every cause is released: bytes stay in the kernel and the sender. */
  holdReading(cause) {
    this.#readingHolds.add(cause);
    this.#ws?.pause();
  }

  releaseReading(cause) {
    this.#readingHolds.delete(cause);
    if (this.#readingHolds.size === 0) this.#ws?.resume();
  }

  /** Stops reading and writing. */
  pause() {
    if (this.isPaused) return;
    this.holdReading("pause");
    this.#stream.cork();
  }

  resume() {
    if (!this.isPaused) return;
    this.releaseReading("pause");
    this.#stream.uncork();
  }

  /** Reads on, but discards everything, also Close frames and pings. */
  discardInput() {
    this.#stream.removeAllListeners("data");
    this.#stream.resume();
  }

  /** An endpoint that never ends by itself must not keep a forgotten peer for ever. */
  limitLifetime(ms) {
    this.#cutAfter(ms);
  }

  /** Closes and waits for the end; whoever does not answer in time is cut off. */
  async shutDown(code, reason, graceMs) {
    if (this.#ws && this.#readingHolds.size === 0) {
      this.close(code, reason);
      await this.#endWithin(graceMs);
    }
    if (!this.hasEnded) this.#socket.destroy();
  }

  describe() {
    const { id, label, path, url } = this.#request;
    return {
      id,
      label,
      path,
      url,
      state: this.#state(),
      paused: this.isPaused,
      received: { ...this.#received },
      sent: { ...this.#sent },
      openedAt: this.#openedAt,
      closedAt: this.#closedAt,
      closed: this.#closed,
      refused: this.refused,
      failure: this.failure,
    };
  }

  transcript() {
    return this.#recording?.read() ?? null;
  }

  #watch(ws) {
    ws.on("error", () => {}); // a bad frame or a reset; "close" follows
    ws.on("close", (code, reason) => this.#end(code, reason.toString()));
    ws.on("message", (data, isBinary) => {
      count(this.#received, data);
      this.#recording?.add("received", data, isBinary);
    });
  }

  #end(code, reason) {
    this.#closed = { code, reason };
    this.#ended.abort();
  }

  #state() {
    if (this.#closed) return "closed";
    if (!this.#ws) return "handshake";
    return this.isOpen ? "open" : "closing";
  }

  #cutAfter(ms) {
    delay(ms, null, { signal: this.ended }).then(
      () => this.cut(),
      () => {}, // it ended before
    );
  }

  async #endWithin(ms) {
    if (this.hasEnded) return;
    const signal = AbortSignal.any([this.ended, AbortSignal.timeout(ms)]);
    await once(signal, "abort");
  }
}

function count(tally, data) {
  tally.messages += 1;
  tally.bytes += Buffer.byteLength(data);
}

/** A TLS socket cannot be reset, only the TCP socket below it. */
function tcpSocket(socket) {
  return socket.encrypted ? socket._parent : socket;
}

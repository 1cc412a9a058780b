// A socket seen through a token bucket: reading is slow, writing is not.

import { Duplex } from "node:stream";

const MAX_SLICE = 64 << 10;
const MAX_SAVED_SECONDS = 0.25; // what an idle connection may catch up
const MIN_WAIT_MS = 10;

/** Takes from the socket only what is due, so that the rest fills the kernel and then the sender. */
export class ThrottledStream extends Duplex {
  #socket;
  #rate;
  #worthwhile; // fewer bytes are waited for: tiny slices would keep the event loop busy
  #allowance = 0;
  #refilledAt = performance.now();
  #wanted = false;
  #timer = null;

  /** @param {import("node:net").Socket} socket  @param {number} rate in bytes per second */
  constructor(socket, rate) {
    super({ readableHighWaterMark: 1 }); // nothing is read ahead
    this.#socket = socket;
    this.#rate = rate;
    this.#worthwhile = Math.min(Math.max(1, (rate * MIN_WAIT_MS) / 1000), MAX_SLICE);
    socket.on("readable", () => this.#deliver());
    socket.on("end", () => this.push(null));
    socket.on("close", () => this.destroy());
  }

  _read() {
    this.#wanted = true;
    this.#deliver();
  }

  _write(chunk, encoding, callback) {
    this.#socket.write(chunk, encoding, callback);
  }

  _final(callback) {
    this.#socket.end(callback);
  }

  _destroy(error, callback) {
    clearTimeout(this.#timer);
    this.#socket.destroy();
    callback(error);
  }

  #deliver() {
    if (!this.#wanted || this.#timer !== null || this.destroyed) return;
    this.#refill();
    const available = this.#socket.readableLength;
    const size = Math.min(available, Math.floor(this.#allowance), MAX_SLICE);
    if (available === 0) this.#socket.read(0); // "readable" or "end" follows
    else if (size < Math.min(available, Math.floor(this.#worthwhile))) this.#waitForAllowance();
    else this.#pass(size);
  }

  #pass(size) {
    this.#allowance -= size;
    this.#wanted = false; // before `push`, which may ask for more at once
    this.push(this.#socket.read(size));
  }

  #refill() {
    const now = performance.now();
    const earned = (this.#rate * (now - this.#refilledAt)) / 1000;
    const most = Math.max(1, this.#rate * MAX_SAVED_SECONDS);
    this.#allowance = Math.min(this.#allowance + earned, most);
    this.#refilledAt = now;
  }

  #waitForAllowance() {
    const untilWorthwhile = ((this.#worthwhile - this.#allowance) / this.#rate) * 1000;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#deliver();
    }, Math.max(MIN_WAIT_MS, untilWorthwhile));
  }
}

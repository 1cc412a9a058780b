// Boards: named lists of values that pages and tests put up for each other to read.

import { EventEmitter, once } from "node:events";

import { HttpError } from "./http.js";

const CAPACITY = 10_000;

export class Boards {
  #boards = new Map();
  #changes = new EventEmitter().setMaxListeners(0);

  put(name, value) {
    const values = this.#boards.get(name) ?? [];
    if (values.length === CAPACITY) throw new HttpError(409, `a board takes ${CAPACITY} values`);
    values.push(value);
    this.#boards.set(name, values);
    this.#changes.emit(name);
  }

  /** The values from the `from`-th on; waits for one, until the signal is aborted: then there are none. */
  async read(name, from, signal) {
    const isNew = () => this.#boards.get(name)?.length > from;
    while (!isNew() && !signal?.aborted) await once(this.#changes, name, { signal }).catch(() => {});
    return this.#boards.get(name)?.slice(from) ?? [];
  }
}

// All connections of a server: the living, and a bounded memory of the ended.

const MAX_ENDED = 1000;

export class Connections {
  #living = new Map();
  #ended = new Map(); // in the order in which they ended
  #count = 0;

  nextId() {
    this.#count += 1;
    return `c${this.#count}`;
  }

  add(connection) {
    this.#living.set(connection.id, connection);
    connection.ended.addEventListener("abort", () => this.#retire(connection));
  }

  /** @param {string} [name] an id or a label; several connections may share a label */
  list(name) {
    const all = [...this.#ended.values(), ...this.#living.values()].sort(byAge);
    return all.filter((one) => name === undefined || one.id === name || one.label === name);
  }

  /** The connection with this id, else the newest with this label, a living one if possible. */
  find(name) {
    const exact = this.#living.get(name) ?? this.#ended.get(name);
    const labelled = this.list(name);
    return exact ?? labelled.findLast((one) => !one.hasEnded) ?? labelled.at(-1);
  }

  async shutDown(code, reason, graceMs) {
    const living = [...this.#living.values()];
    await Promise.all(living.map((connection) => connection.shutDown(code, reason, graceMs)));
  }

  #retire(connection) {
    this.#living.delete(connection.id);
    this.#ended.set(connection.id, remember(connection));
    if (this.#ended.size > MAX_ENDED) this.#ended.delete(this.#ended.keys().next().value);
  }
}

/** Only what can be asked about the ended: the connection itself may hold on to large buffers. */
function remember(connection) {
  const { id, label } = connection;
  const description = connection.describe();
  const transcript = connection.transcript();
  return { id, label, hasEnded: true, describe: () => description, transcript: () => transcript };
}

function byAge(one, other) {
  return Number(one.id.slice(1)) - Number(other.id.slice(1));
}

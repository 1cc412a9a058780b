// /protocol: selects a subprotocol as told, also one that was not requested, and says so.

import { HttpError } from "../http.js";

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]{1,100}$/;

export function createProtocol() {
  return {
    pattern: "/protocol",
    read({ query, protocols }) {
      const protocol = select(query.get("select") ?? "first", protocols);
      return { protocol, requested: protocols };
    },
    run(connection, { protocol, requested }) {
      connection.sendJson({ selected: protocol, requested });
    },
  };
}

function select(choice, requested) {
  if (choice === "none") return null;
  if (choice === "first") return requested[0] ?? null;
  if (TOKEN.test(choice)) return choice;
  throw new HttpError(400, "select must be first, none or a valid subprotocol name");
}

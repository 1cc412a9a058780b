// /refuse: answers the handshake with an HTTP error.

import { HttpError } from "../http.js";
import { readInteger } from "../target.js";

export function createRefuse() {
  return {
    pattern: "/refuse",
    read({ query }) {
      const limits = { min: 400, max: 599, fallback: 403 };
      const status = readInteger("status", query.get("status"), limits);
      throw new HttpError(status, "refused, as asked");
    },
  };
}

// /close/:code: opens, then closes with that code and reason; `none` closes without a code.

import { readCloseCode, readCloseReason } from "../close-frame.js";
import { HttpError } from "../http.js";
import { readInteger } from "../target.js";

export function createClose() {
  return {
    pattern: "/close/:code",
    read({ params, query }) {
      const code = params.code === "none" ? undefined : readCloseCode(params.code);
      const reason = readCloseReason(query.get("reason") ?? "");
      if (code === undefined && reason !== "") throw new HttpError(400, "a reason needs a code");
      const after = readInteger("after", query.get("after"), { min: 0, max: 60_000, fallback: 0 });
      return { code, reason, after };
    },
    async run(connection, { code, reason, after }) {
      if (after > 0) await connection.sleep(after);
      connection.close(code, reason);
    },
  };
}

// /script/:name: runs a script that a test defined through the control interface.

import { HttpError } from "../http.js";
import { runScript } from "../scripts.js";

export function createScriptEndpoint(scripts) {
  return {
    pattern: "/script/:name",
    read({ params }) {
      const steps = scripts.get(params.name);
      if (!steps) throw new HttpError(404, "no such script");
      return { steps };
    },
    run: (connection, { steps }) => runScript(connection, steps),
  };
}

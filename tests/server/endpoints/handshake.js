// /handshake: tells the client what its handshake looked like from here, then stays silent.

export function createHandshake() {
  return {
    pattern: "/handshake",
    read: ({ headers }) => ({ headers }),
    run(connection, { headers }) {
      const origin = headers.origin ?? null;
      connection.sendJson({ headers, origin, cookies: parseCookies(headers.cookie) });
    },
  };
}

function parseCookies(header = "") {
  const pairs = header.split(";").map((pair) => pair.trim()).filter((pair) => pair !== "");
  return Object.fromEntries(pairs.map(splitPair));
}

function splitPair(pair) {
  const [name, ...value] = pair.split("=");
  return [name.trim(), value.join("=").trim()];
}

// /echo: sends back what comes, text as text and binary as binary.

export function createEcho() {
  return {
    pattern: "/echo",
    read: ({ query }) => ({ greeting: query.get("greet") }),
    run(connection, { greeting }) {
      if (greeting !== null) connection.send(greeting);
      let waiting = false;
      connection.onMessage((data, isBinary) => {
        connection.send(data, isBinary);
        if (connection.needsDrain && !waiting) readAgainWhenDrained();
      });

      // A peer that sends without reading must not fill our memory with echoes.
      async function readAgainWhenDrained() {
        waiting = true;
        connection.holdReading("echo");
        await connection.drained();
        connection.releaseReading("echo");
        waiting = false;
      }
    },
  };
}

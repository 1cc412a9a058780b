// Floods a peer until all has left, lets go of the TCP connection, and should then end with its socket still open.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { WebSocket } from "ws";

const FLOOD_MS = 500;
const SUSPICIOUS_MS = 3_000;

const [module, wasm, url] = process.argv.slice(2);
const sockets = [];

class WatchedWebSocket extends WebSocket {
  constructor(...args) {
    super(...args);
    sockets.push(this);
  }
}

globalThis.WebSocket = WatchedWebSocket;

const { initSync, Client } = await import(pathToFileURL(module).href);
initSync({ module: readFileSync(wasm) });

const client = await Client.connect(url, () => {});
const flood = client.flood();
await sleep(FLOOD_MS);
client.stop();
await flood;
if (client.polls() === 0) throw new Error("nobody waited, so nothing was armed");
for (const socket of sockets) socket._socket.unref();

const tell = () => console.error(`kept alive by ${process.getActiveResourcesInfo().join(", ")}`);
setTimeout(tell, SUSPICIOUS_MS).unref();
process.on("exit", () => {
  console.log(`ended while the socket was ${client.readyState()}, after ${client.polls()} polls`);
});

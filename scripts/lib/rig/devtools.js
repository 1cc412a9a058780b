// The one command that needs Chromium's DevTools protocol. Nothing stays attached: that could change what is studied.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

// Imported late: npm packages are not there before `npm ci`.
export async function setLifecycleState(home, state) {
  const { WebSocket } = await import("ws");
  const [port, path] = readFileSync(join(home, "profile/DevToolsActivePort"), "utf8").split("\n");
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  await once(socket, "open");
  try {
    const { targetInfos } = await send(socket, "Target.getTargets");
    const { targetId } = targetInfos.find(({ type, url }) => type === "page" && url !== "about:blank");
    const { sessionId } = await send(socket, "Target.attachToTarget", { targetId, flatten: true });
    await send(socket, "Page.setWebLifecycleState", { state }, sessionId);
  } finally {
    socket.terminate();
  }
}

async function send(socket, method, params = {}, sessionId = undefined) {
  const id = (lastId += 1);
  socket.send(JSON.stringify({ id, method, params, sessionId }));
  for (;;) {
    const [data] = await once(socket, "message");
    const answer = JSON.parse(data);
    if (answer.id !== id) continue;
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  }
}

let lastId = 0;

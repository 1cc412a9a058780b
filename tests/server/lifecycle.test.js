// Tests of starting and stopping: ports, leaks, and the command line.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { connect, eventually, serve, temporaryDirectory, within } from "./harness.js";
import { startServer } from "./index.js";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));

test("a server on any free port tells its port and addresses", async (t) => {
  const server = await serve(t);
  assert.ok(server.port > 0);
  assert.equal(server.url, `http://127.0.0.1:${server.port}`);
  assert.equal(server.wsUrl, `ws://127.0.0.1:${server.port}`);
});

test("a taken port is named in the error", async (t) => {
  const { port } = await serve(t);
  const message = `port ${port} is already in use; choose another with --port`;
  await assert.rejects(startServer({ port }), { message });
});

test("a port that is no port is named in the error", async () => {
  await assert.rejects(startServer({ port: 70_000 }), { message: /^70000 is not a port number/ });
});

test("closing says goodbye to the open and cuts off the deaf", async () => {
  const server = await startServer();
  const polite = await connect(`${server.wsUrl}/echo`);
  const deaf = await connect(`${server.wsUrl}/deaf`);
  await Promise.all([server.close(), server.close()]);
  assert.deepEqual(await polite.closed(), { code: 1001, reason: "the server stops" });
  assert.equal((await deaf.closed()).code, 1006);
  await assert.rejects(fetch(server.url));
});

test("closing does not wait for requests that never end", async () => {
  const server = await startServer();
  const socket = connectTcp(server.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("GET /healthz HTTP/1.1\r\n");
  await once(socket, "connect");
  await fetch(`${server.url}/healthz`); // answered, so the server has seen the other one as well
  await within(server.close(), "the server to close");
  socket.destroy();
});

test("a closed port can be taken again", async (t) => {
  const server = await startServer();
  const client = await connect(`${server.wsUrl}/echo`);
  await server.close();
  await client.closed();
  await serve(t, { port: server.port });
});

test("closing leaves nothing that keeps the process alive", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", LEAK_CHECK], {
    env: { ...process.env, SERVER: new URL("index.js", import.meta.url).href },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [code] = await within(once(child, "exit"), "the process to end by itself");
  assert.equal(code, 0);
});

// Raw sockets, because a client's own timers must not blur what the server leaves behind.
const LEAK_CHECK = `
  import { connect } from "node:net";
  const { startServer } = await import(process.env.SERVER);
  const server = await startServer({ control: true });
  server.control.script("s", [{ wait: 600000 }]);
  const paths = ["/echo", "/close/1006", "/close/4000?after=60000", "/drop?after=60000", "/slow?rate=1",
    "/deaf", "/deaf?read=1", "/refuse", "/hang", "/burst?count=1000000&size=1000", "/sink", "/protocol",
    "/burst?interval=60000", "/handshake", "/chat", "/script/s", "/script/none"];
  for (const path of paths) {
    const socket = connect(server.port, "127.0.0.1").unref();
    socket.on("error", () => {});
    socket.write("GET " + path + " HTTP/1.1\\r\\nhost: x\\r\\nconnection: Upgrade\\r\\n" +
      "upgrade: websocket\\r\\nsec-websocket-version: 13\\r\\n" +
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n");
  }
  while (server.control.connections().length < paths.length) await new Promise((r) => setTimeout(r, 5));
  await server.close();
`;

async function run(t, ...args) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  child.output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (child.output += text));
  }
  child.ended = once(child, "close");
  return child;
}

for (const signal of ["SIGTERM", "SIGINT"]) {
  test(`the command announces itself in a file and stops cleanly on ${signal}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const readyFile = join(directory, "ready.json");
    await mkdir(join(directory, "site"));
    await writeFile(join(directory, "site", "index.html"), "home");
    const statics = [`--static=${directory}/site`, `--static=/again=${directory}/site`];
    const child = await run(t, "--port", "0", "--control", "--ready-file", readyFile, ...statics);
    const text = await eventually(() => readFile(readyFile, "utf8").catch(() => null), "the ready file");
    const { port, url, pid } = JSON.parse(text);
    assert.equal(url, `http://127.0.0.1:${port}`);
    assert.equal(pid, child.pid);
    assert.equal(await (await fetch(`${url}/`)).text(), "home");
    assert.equal(await (await fetch(`${url}/again/`)).text(), "home");
    assert.equal((await fetch(`${url}/control/connections`)).status, 200);
    const client = await connect(`ws://127.0.0.1:${port}/echo`);
    child.kill(signal);
    assert.deepEqual(await within(child.ended, "the end"), [0, null]);
    assert.equal((await client.closed()).code, 1001);
    assert.deepEqual(await readdir(directory), ["site"]);
  });
}

test("the command fails with one line on a taken port and on bad arguments", async (t) => {
  const { port } = await serve(t);
  const cases = [
    [["--port", String(port)], /^port \d+ is already in use; choose another with --port\n$/],
    [["--port", "abc"], /^--port must be a number from 0 to 65535, not abc\n$/],
    [["--port", "99999"], /^99999 is not a port number/],
    [["--nonsense"], /^Unknown option '--nonsense'/],
  ];
  for (const [args, message] of cases) {
    const child = await run(t, ...args);
    assert.deepEqual(await within(child.ended, "the end"), [1, null]);
    assert.match(child.output, message);
  }
});

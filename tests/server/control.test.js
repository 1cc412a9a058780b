// Tests of the control interface, as methods and over HTTP, and of scripted endpoints.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { connect, eventually, refusal, serve } from "./harness.js";

function post(server, path, body) {
  return fetch(server.url + path, { method: "POST", body: body && JSON.stringify(body) });
}

test("the list of connections tells path, state and traffic", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/echo?id=me&x=1`);
  client.send("hello");
  await client.next();
  const response = await fetch(`${server.url}/control/connections?id=me`);
  const [seen, ...others] = await response.json();
  assert.deepEqual(others, []);
  assert.equal(seen.label, "me");
  assert.equal(seen.path, "/echo");
  assert.equal(seen.url, "/echo?id=me&x=1");
  assert.equal(seen.state, "open");
  assert.deepEqual(seen.received, { messages: 1, bytes: 5 });
  assert.deepEqual(seen.sent, { messages: 1, bytes: 5 });
  assert.equal(seen.closed, null);
});

test("an ended connection is remembered with its code and reason", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/echo?id=me`);
  client.ws.close(4002, "enough");
  await client.closed();
  const seen = await eventually(
    () => server.control.connections("me").find(({ state }) => state === "closed"),
    "the end",
  );
  assert.deepEqual(seen.closed, { code: 4002, reason: "enough" });
  assert.ok(seen.closedAt >= seen.openedAt);
});

test("a refused attempt is remembered with its status", async (t) => {
  const server = await serve(t);
  await refusal(`${server.wsUrl}/refuse?id=me&status=429`);
  await refusal(`${server.wsUrl}/nothing?id=me`);
  const seen = server.control.connections("me");
  assert.deepEqual(seen.map(({ refused }) => refused), [429, 404]);
});

test("only the last 1,000 ended connections are remembered", async (t) => {
  const server = await serve(t);
  for (let count = 0; count < 1010; count += 50) {
    const batch = Array.from({ length: 50 }, () => refusal(`${server.wsUrl}/refuse`));
    await Promise.all(batch);
  }
  await eventually(() => server.control.connections().length === 1000, "forgetting");
});

test("cut resets a connection", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/echo?id=me`);
  assert.deepEqual(await (await post(server, "/control/connections/me/cut")).json(), { ok: true });
  assert.equal((await client.closed()).code, 1006);
  const again = await eventually(async () => {
    const response = await post(server, "/control/connections/me/cut");
    return response.status === 409 && response;
  }, "the end");
  assert.equal(await again.text(), "this connection has ended\n");
});

test("a name means the newest living connection with that label", async (t) => {
  const server = await serve(t);
  const first = await connect(`${server.wsUrl}/echo?id=me`);
  const second = await connect(`${server.wsUrl}/echo?id=me`);
  server.control.cut("me");
  await second.closed();
  server.control.cut(server.control.connections("me")[0].id);
  await first.closed();
});

test("a paused connection neither reads nor writes until it is resumed", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/burst?id=me&interval=10&count=1000`);
  await client.next();
  await post(server, "/control/connections/me/pause");
  client.send("unread");
  await delay(100); // what was on its way has arrived
  while (client.pending > 0) await client.next();
  await delay(100);
  assert.equal(client.pending, 0);
  assert.equal(server.control.connections("me")[0].paused, true);
  assert.equal(server.control.connections("me")[0].received.messages, 0);
  await post(server, "/control/connections/me/resume");
  await client.next();
  await eventually(() => server.control.connections("me")[0].received.messages === 1, "reading");
});

test("a transcript holds what was received and sent, if it was asked for", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/echo?id=me&record=1`);
  client.send("hello");
  client.send(Buffer.of(1, 2));
  await client.next();
  await client.next();
  const { messages, truncated } = await (await fetch(`${server.url}/control/record/me`)).json();
  assert.equal(truncated, false);
  assert.deepEqual(
    messages.map(({ at, ...message }) => message),
    [
      { direction: "received", text: "hello" },
      { direction: "sent", text: "hello" },
      { direction: "received", base64: "AQI=" },
      { direction: "sent", base64: "AQI=" },
    ],
  );
  await connect(`${server.wsUrl}/echo?id=silent`);
  assert.equal((await fetch(`${server.url}/control/record/silent`)).status, 404);
});

test("a transcript is bounded and says so", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/sink?id=me&record=1`);
  for (let count = 0; count < 6; count += 1) client.send(Buffer.alloc(300_000));
  client.send("report");
  await client.next();
  const { messages, truncated } = server.control.record("me");
  assert.equal(messages.length, 3);
  assert.equal(truncated, true);
});

test("what is put up on a board is read by whoever waits for it", async (t) => {
  const server = await serve(t);
  const board = `${server.url}/control/board/mine`;
  const waiting = fetch(`${board}?from=1`).then((response) => response.json());
  for (const value of [{ first: 1 }, null, "last"]) {
    assert.equal((await fetch(board, { method: "POST", body: JSON.stringify(value) })).status, 200);
  }
  assert.deepEqual((await waiting)[0], null);
  assert.deepEqual(await server.control.read("mine"), [{ first: 1 }, null, "last"]);
  server.control.put("mine", 4);
  assert.deepEqual(await (await fetch(`${board}?from=3`)).json(), [4]);
  assert.deepEqual(await server.control.read("other", 0, AbortSignal.timeout(10)), []);
});

test("a script sends, waits, expects and closes", async (t) => {
  const server = await serve(t);
  const steps = [
    { send: "hello" },
    { wait: 5 },
    { expect: "login" },
    { expect: { base64: "AQI=" } },
    { expect: { any: true } },
    { send: { base64: "AwQ=" } },
    { close: { code: 4001, reason: "x" } },
  ];
  const response = await post(server, "/control/script", { name: "login", steps });
  assert.equal(response.status, 200);
  const client = await connect(`${server.wsUrl}/script/login`);
  client.send("login");
  client.send(Buffer.of(1, 2));
  client.send("whatever");
  assert.equal(await client.next(), "hello");
  assert.deepEqual(await client.next(), Buffer.of(3, 4));
  assert.deepEqual(await client.closed(), { code: 4001, reason: "x" });
});

test("a script that gets something else closes with 4400 and remembers why", async (t) => {
  const server = await serve(t);
  server.control.script("strict", [{ expect: "a" }, { send: "never" }]);
  const client = await connect(`${server.wsUrl}/script/strict?id=me`);
  client.send("b");
  assert.deepEqual(await client.closed(), { code: 4400, reason: 'expected "a", got "b"' });
  assert.equal(server.control.connections("me")[0].failure, 'expected "a", got "b"');
});

test("a script can drop, send raw bytes, close without a code, and pause", async (t) => {
  const server = await serve(t);
  server.control.script("drop", [{ send: "x" }, { wait: 20 }, { drop: true }]);
  const dropped = await connect(`${server.wsUrl}/script/drop`);
  assert.equal((await dropped.closed()).code, 1006);

  server.control.script("raw", [{ raw: "8gA=" }]); // a frame with a reserved bit
  const broken = await connect(`${server.wsUrl}/script/raw`);
  await broken.closed();
  assert.match(broken.error.message, /RSV/);

  server.control.script("bare", [{ close: {} }]);
  assert.equal((await (await connect(`${server.wsUrl}/script/bare`)).closed()).code, 1005);

  server.control.script("odd", [{ close: { code: 1005 } }]);
  const odd = await connect(`${server.wsUrl}/script/odd`);
  await odd.closed();
  assert.match(odd.error.message, /invalid status code 1005/);

  server.control.script("pause", [{ pause: true }, { send: "held" }, { wait: 50 }, { resume: true }]);
  assert.equal(await (await connect(`${server.wsUrl}/script/pause`)).next(), "held");
});

test("after its last step a script stays open and ignores what comes", async (t) => {
  const server = await serve(t);
  server.control.script("short", [{ send: "x" }]);
  const client = await connect(`${server.wsUrl}/script/short?id=me`);
  for (let count = 0; count < 3000; count += 1) client.send("x");
  await eventually(() => server.control.connections("me")[0].received.messages === 3000, "reading");
  assert.equal(client.ws.readyState, client.ws.OPEN);
});

test("a script takes more messages than it keeps waiting", async (t) => {
  const server = await serve(t);
  const steps = [{ wait: 100 }, ...Array(999).fill({ expect: { any: true } })];
  server.control.script("late", [...steps.slice(0, 999), { close: { code: 4000 } }]);
  const client = await connect(`${server.wsUrl}/script/late`);
  for (let count = 0; count < 3000; count += 1) client.send("x");
  assert.equal((await client.closed()).code, 4000);
});

const BAD_SCRIPTS = [
  null,
  [],
  { name: "x" },
  { name: "a b", steps: [] },
  { steps: [] },
  { name: "x", steps: "send" },
  { name: "x", steps: [null] },
  { name: "x", steps: [{}] },
  { name: "x", steps: [{ send: "x", wait: 5 }] },
  { name: "x", steps: [{ toString: true }] },
  { name: "x", steps: [{ send: 5 }] },
  { name: "x", steps: [{ wait: -1 }] },
  { name: "x", steps: [{ wait: "5" }] },
  { name: "x", steps: [{ close: 4000 }] },
  { name: "x", steps: [{ close: { code: 70_000 } }] },
  { name: "x", steps: [{ close: { reason: "x" } }] },
  { name: "x", steps: [{ close: { code: 1000, reason: "r".repeat(124) } }] },
  { name: "x", steps: Array(1001).fill({ send: "x" }) },
];
for (const script of BAD_SCRIPTS) {
  test(`the script ${JSON.stringify(script).slice(0, 60)} is refused with 400`, async (t) => {
    const server = await serve(t);
    const response = await fetch(`${server.url}/control/script`, {
      method: "POST",
      body: JSON.stringify(script),
    });
    assert.equal(response.status, 400);
    assert.match(await response.text(), /^.+\n$/);
  });
}

test("control requests that make no sense are refused with a reason", async (t) => {
  const server = await serve(t);
  const cases = [
    ["GET", "/control", 404],
    ["GET", "/control/toString", 404],
    ["GET", "/control/connections/c1", 404],
    ["POST", "/control/connections", 405],
    ["POST", "/control/connections/none/cut", 404],
    ["GET", "/control/connections/none/cut", 405],
    ["POST", "/control/connections/none/explode", 404],
    ["GET", "/control/record/none", 404],
    ["GET", "/control/board", 404],
    ["GET", "/control/board/a?from=x", 400],
    ["POST", "/control/board/a%20b", 400],
    ["POST", "/control/board/a", 400],
    ["PUT", "/control/board/a", 405],
    ["POST", "/control/script", 400],
    ["PUT", "/control/script", 405],
  ];
  for (const [method, path, status] of cases) {
    const response = await fetch(server.url + path, { method });
    assert.equal(response.status, status, `${method} ${path}`);
    assert.match(await response.text(), /^.+\n$/);
  }
  const large = { name: "x", steps: [{ send: "x".repeat(2 << 20) }] };
  assert.equal((await post(server, "/control/script", large)).status, 413);
});

test("pages of other origins may use control and health, also after a preflight", async (t) => {
  const server = await serve(t);
  for (const path of ["/healthz", "/control/connections", "/control/nothing"]) {
    for (const method of ["GET", "OPTIONS"]) {
      const { headers } = await fetch(server.url + path, { method });
      assert.equal(headers.get("access-control-allow-origin"), "*", `${method} ${path}`);
      assert.equal(headers.get("cross-origin-resource-policy"), "cross-origin");
    }
  }
  const preflight = await fetch(`${server.url}/control/script`, { method: "OPTIONS" });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-methods"), /POST/);
  assert.match(preflight.headers.get("access-control-allow-headers"), /content-type/);
});

test("without the option there is no control and there are no scripts", async (t) => {
  const server = await serve(t, { control: false });
  assert.equal(server.control, null);
  assert.equal((await fetch(`${server.url}/control/connections`)).status, 404);
  assert.equal((await post(server, "/control/script", { name: "x", steps: [] })).status, 404);
  assert.equal((await refusal(`${server.wsUrl}/script/x`)).status, 404);
});

// Tests that no client, however broken, brings the server down.

import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";

import { connect, eventually, exchange, frame, handshake, serve } from "./harness.js";

async function assertAlive(server) {
  const client = await connect(`${server.wsUrl}/echo`);
  client.send("alive");
  assert.equal(await client.next(), "alive");
  client.ws.terminate();
}

const BAD_FRAMES = {
  "reserved bits": frame(0xf1, "x"),
  "an unknown opcode": frame(0x83, "x"),
  "no mask": Buffer.of(0x81, 1, 0x78),
  "text that is not UTF-8": frame(0x81, Buffer.of(0xff, 0xfe)),
  "a continuation of nothing": frame(0x80, "x"),
  "a fragmented ping": frame(0x09, "x"),
  "a ping of 126 bytes": frame(0x89, Buffer.alloc(126)),
  "a new message inside a fragmented one": Buffer.concat([frame(0x01, "x"), frame(0x81, "y")]),
  "a Close of one byte": frame(0x88, "x"),
  "a Close with the code 1005": frame(0x88, Buffer.of(3, 237)),
  "a Close with a reason that is not UTF-8": frame(0x88, Buffer.of(3, 232, 0xff)),
  "a length of 2^63": Buffer.of(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  "a length above the limit": Buffer.of(0x82, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0),
};
for (const path of ["/echo", "/slow?rate=1000000", "/chat"]) {
  test(`${path} closes on frames that break the protocol`, async (t) => {
    const server = await serve(t);
    for (const [what, bytes] of Object.entries(BAD_FRAMES)) {
      const answer = await exchange(server, Buffer.concat([handshake(path), bytes]));
      const frames = answer.slice(answer.indexOf("\r\n\r\n") + 4);
      assert.match(frames, /\x88\x02\x03[\xea\xef\xf1]$/, what); // 1002, 1007 or 1009
    }
    await assertAlive(server);
  });
}

test("bad handshakes are refused", async (t) => {
  const server = await serve(t);
  const good = handshake("/echo").toString();
  const cases = {
    400: [
      good.replace("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-key: short"),
      good.replace("sec-websocket-version: 13", "sec-websocket-version: 12"),
      good.replace("upgrade: websocket", "upgrade: h2c"),
      good.replace("\r\n\r\n", "\r\nsec-websocket-protocol: a b, (c)\r\n\r\n"),
      good.replace("\r\n\r\n", "\r\nsec-websocket-protocol: a, a\r\n\r\n"),
    ],
    405: [good.replace("GET", "POST")],
    426: [good.replace("connection: Upgrade", "connection: close")],
    431: [good.replace("\r\n\r\n", `\r\nx-huge: ${"h".repeat(100_000)}\r\n\r\n`)],
  };
  for (const [status, requests] of Object.entries(cases)) {
    for (const request of requests) {
      const answer = await exchange(server, request);
      assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), `${answer.split("\r\n")[0]} to ${request}`);
    }
  }
  await assertAlive(server);
});

test("bytes that are no HTTP are refused", async (t) => {
  const server = await serve(t);
  const garbage = ["\x16\x03\x01\x02\0", "GET\r\n\r\n", "\0\0\0\0\r\n\r\n", "CONNECT x:1 HTTP/1.1\r\n\r\n"];
  for (const bytes of garbage) await exchange(server, bytes);
  await assertAlive(server);
});

test("clients that reset at any moment do no harm", async (t) => {
  const server = await serve(t);
  const paths = [
    "/echo?greet=x",
    "/close/4000",
    "/close/1006",
    "/drop?after=0",
    "/slow?rate=10",
    "/deaf?read=1",
    "/refuse",
    "/hang",
    "/burst?count=100000",
    "/sink",
    "/protocol",
    "/handshake",
    "/chat",
    "/nothing",
  ];
  for (const path of paths) {
    await resetAfter(server, Buffer.concat([handshake(path), frame(0x81, "report")]), 0);
    await resetAfter(server, handshake(path), 10);
  }
  await resetAfter(server, "GET /heal", 0);
  await resetAfter(server, "POST /control/script HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{", 10);
  await assertAlive(server);
  const isOver = ({ state }) => state === "closed";
  await eventually(() => server.control.connections().every(isOver), "the end of all connections");
});

test("a client that half-closes is let go", async (t) => {
  const server = await serve(t);
  for (const path of ["/echo", "/slow?rate=1000", "/hang", "/refuse"]) {
    const socket = connectTcp({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => {});
    socket.resume();
    socket.end(handshake(path));
    await new Promise((resolve) => socket.on("end", resolve).on("close", resolve));
    socket.destroy();
  }
  await assertAlive(server);
});

function resetAfter(server, bytes, ms) {
  return new Promise((resolve) => {
    const socket = connectTcp(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.on("close", resolve);
    socket.on("connect", () => {
      socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), ms));
    });
  });
}

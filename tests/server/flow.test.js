// Tests of backpressure: slow, deaf, burst, and an echo whose peer does not read.

import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { connect, eventually, handshake, serve } from "./harness.js";

const MIB = 1 << 20;

test("slow leaves what it does not read with the sender", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/slow?rate=1000&id=slow`);
  for (let count = 0; count < 32; count += 1) client.send(Buffer.alloc(MIB));
  await delay(300);
  assert.ok(client.ws.bufferedAmount > 8 * MIB, `${client.ws.bufferedAmount} bytes wait`);
  assert.equal(server.control.connections("slow")[0].received.messages, 0);
});

test("slow keeps to its rate and answers a report in its turn", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/slow?rate=20000`);
  const startedAt = Date.now();
  for (let count = 0; count < 20; count += 1) client.send(Buffer.alloc(1000));
  client.send("report");
  const { messages, bytes } = await client.nextJson();
  assert.deepEqual({ messages, bytes }, { messages: 20, bytes: 20_000 });
  const elapsed = Date.now() - startedAt; // 1 s, less what the idle bucket had saved
  assert.ok(elapsed >= 600, `${elapsed} ms`);
});

test("slow is fast when the rate is high, and keeps the order", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/slow?rate=1000000000`);
  for (let index = 0; index < 64; index += 1) {
    const message = Buffer.alloc(MIB / 4);
    message.writeUInt32LE(index);
    client.send(message);
  }
  client.send("report");
  const report = await client.nextJson();
  assert.equal(report.bytes, 16 * MIB);
  assert.equal(report.inOrder, true);
});

test("slow takes part in the closing handshake", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/slow?rate=10000&id=slow`);
  client.ws.close(4001, "bye");
  assert.deepEqual(await client.closed(), { code: 4001, reason: "bye" });
  await ended(server, "slow");
  assert.deepEqual(server.control.connections("slow")[0].closed, { code: 4001, reason: "bye" });
});

test("slow ends when its client is gone", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/slow?rate=10000&id=slow`);
  client.ws.terminate();
  await ended(server, "slow");
});

test("deaf reads nothing and never answers a close", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/deaf?id=deaf`);
  for (let count = 0; count < 32; count += 1) client.send(Buffer.alloc(MIB));
  client.ws.close(1000);
  await delay(300);
  assert.ok(client.ws.bufferedAmount > 8 * MIB, `${client.ws.bufferedAmount} bytes wait`);
  assert.equal(client.ws.readyState, client.ws.CLOSING);
  assert.equal(server.control.connections("deaf")[0].received.messages, 0);
});

test("deaf with read=1 takes everything but never answers a close", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/deaf?read=1`);
  for (let count = 0; count < 32; count += 1) client.send(Buffer.alloc(MIB));
  client.ws.close(1000);
  await eventually(() => client.ws.bufferedAmount === 0, "an empty buffer");
  await delay(200);
  assert.equal(client.ws.readyState, client.ws.CLOSING);
});

test("burst sends binary messages that begin with their index", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/burst?count=300&size=100&kind=binary&then=close`);
  for (let index = 0; index < 300; index += 1) {
    const message = await client.next();
    assert.equal(message.length, 100);
    assert.equal(message.readUInt32LE(), index);
  }
  assert.equal((await client.closed()).code, 1000);
});

test("burst sends text messages that begin with their index", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/burst?count=3&size=10&interval=5`);
  assert.equal(await client.next(), "00000000..");
  assert.equal(await client.next(), "00000001..");
  assert.equal(await client.next(), "00000002..");
});

test("burst keeps to sizes that leave no room for an index", async (t) => {
  const server = await serve(t);
  const short = await connect(`${server.wsUrl}/burst?count=13&size=1&then=close`);
  for (const digit of "0123456789012") assert.equal(await short.next(), digit);
  const empty = await connect(`${server.wsUrl}/burst?count=1&size=0&kind=binary`);
  assert.equal((await empty.next()).length, 0);
  const none = await connect(`${server.wsUrl}/burst?count=0&then=close`);
  assert.equal((await none.closed()).code, 1000);
});

test("burst waits for a peer that does not read, and goes on when it does", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/burst?id=b&count=256&size=${MIB}&kind=binary&then=close`);
  client.ws.pause();
  const sentSoFar = () => server.control.connections("b")[0].sent.messages;
  await settled(sentSoFar);
  assert.ok(sentSoFar() < 64, `${sentSoFar()} MiB left the server`);
  client.ws.resume();
  for (let index = 0; index < 256; index += 1) {
    assert.equal((await client.next()).readUInt32LE(), index);
  }
  assert.equal((await client.closed()).code, 1000);
});

test("burst ends when its client is gone", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/burst?id=b&count=1000&size=${MIB}`);
  await client.next();
  client.ws.terminate();
  await ended(server, "b");
});

test("a burst of many small messages does not keep others waiting", async (t) => {
  const server = await serve(t);
  const burst = await connect(`${server.wsUrl}/burst?id=b&count=1000000&size=8`);
  const echo = await connect(`${server.wsUrl}/echo`);
  echo.send("still there?");
  assert.equal(await echo.next(), "still there?");
  assert.ok(server.control.connections("b")[0].sent.messages < 1_000_000);
  burst.ws.terminate();
});

test("echo stops reading from a peer that does not read", async (t) => {
  const server = await serve(t);
  const socket = connectTcp(server.port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.on("error", () => {});
  socket.write(handshake("/echo?id=rude"));
  const header = Buffer.of(0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0); // 1 MiB, mask of zeros
  const message = Buffer.concat([header, Buffer.alloc(MIB)]);
  for (let count = 0; count < 128; count += 1) socket.write(message);
  const receivedSoFar = () => server.control.connections("rude")[0]?.received.messages ?? 0;
  await eventually(receivedSoFar, "the first message");
  await settled(receivedSoFar);
  assert.ok(receivedSoFar() < 64, `${receivedSoFar()} MiB entered the server`);
});

/** Waits until a number stays the same for a while. */
async function settled(read) {
  let last = null;
  await eventually(async () => {
    const before = last;
    last = read();
    await delay(200);
    return before === last && last === read();
  }, "a number to settle");
}

async function ended(server, name) {
  await eventually(() => server.control.connections(name)[0].state === "closed", `the end of ${name}`);
}

// Tests of the chat rooms.

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, refusal, serve } from "./harness.js";

/** Joins and takes the welcome. */
async function join(server, query = "") {
  const client = await connect(`${server.wsUrl}/chat?${query}`);
  client.welcome = await client.nextJson();
  return client;
}

function withoutTime({ at, ...message }) {
  assert.ok(Number.isInteger(at));
  return message;
}

test("a message reaches the others with a number, and its sender is told the number", async (t) => {
  const server = await serve(t);
  const ann = await join(server, "room=a");
  const ben = await join(server, "room=a");
  assert.equal((await ann.nextJson()).type, "join");
  ann.sendJson({ id: "m1", text: "hello", extra: 1 });
  assert.deepEqual(await ann.nextJson(), { type: "ack", id: "m1", seq: 1 });
  const { from } = ann.welcome;
  const expected = { type: "message", seq: 1, id: "m1", from, text: "hello" };
  assert.deepEqual(withoutTime(await ben.nextJson()), expected);
});

test("rooms do not hear each other", async (t) => {
  const server = await serve(t);
  const ann = await join(server, "room=a");
  const ben = await join(server, "room=b");
  ann.sendJson({ id: "m1", text: "for a" });
  await ann.nextJson();
  ben.sendJson({ id: "m2", text: "for b" });
  assert.deepEqual(await ben.nextJson(), { type: "ack", id: "m2", seq: 1 });
});

test("joining and leaving is told, with the number of members", async (t) => {
  const server = await serve(t);
  const ann = await join(server);
  assert.deepEqual(ann.welcome, { type: "welcome", from: "guest-1", room: "lobby", seq: 0, members: 1 });
  const ben = await join(server);
  assert.equal(ben.welcome.members, 2);
  assert.deepEqual(await ann.nextJson(), { type: "join", from: "guest-2", members: 2 });
  ben.ws.terminate();
  assert.deepEqual(await ann.nextJson(), { type: "leave", from: "guest-2", members: 1 });
});

test("a repeated id is acknowledged again with its number but not sent again", async (t) => {
  const server = await serve(t);
  const ann = await join(server);
  const ben = await join(server);
  ben.sendJson({ id: "m1", text: "once" });
  ben.sendJson({ id: "m1", text: "once" });
  ben.sendJson({ id: "m2", text: "next" });
  const acks = [await ben.nextJson(), await ben.nextJson(), await ben.nextJson()];
  assert.deepEqual(acks.map(({ seq }) => seq), [1, 1, 2]);
  assert.equal((await ann.nextJson()).type, "join");
  assert.equal((await ann.nextJson()).text, "once");
  assert.equal((await ann.nextJson()).text, "next");
});

test("a joiner is given what was said since", async (t) => {
  const server = await serve(t);
  const ann = await join(server);
  for (const id of ["m1", "m2", "m3"]) ann.sendJson({ id, text: id });
  for (let count = 0; count < 3; count += 1) await ann.nextJson();
  const ben = await join(server, "since=1");
  assert.equal(ben.welcome.seq, 3);
  assert.equal((await ben.nextJson()).id, "m2");
  assert.equal((await ben.nextJson()).id, "m3");
  const cat = await join(server);
  assert.equal((await cat.nextJson()).id, "m1");
  const dan = await join(server, "since=3");
  dan.sendJson({ id: "m4", text: "" });
  assert.equal((await dan.nextJson()).type, "ack");
});

test("the last 1,000 messages are kept after everybody left", async (t) => {
  const server = await serve(t);
  const ann = await join(server, "room=long");
  for (let count = 1; count <= 1005; count += 1) ann.sendJson({ id: `m${count}`, text: "x" });
  for (let count = 1; count <= 1005; count += 1) await ann.nextJson();
  ann.ws.close();
  await ann.closed();
  const ben = await join(server, "room=long");
  for (let seq = 6; seq <= 1005; seq += 1) assert.equal((await ben.nextJson()).seq, seq);
});

test("what is not a message is answered with an error, and the connection stays", async (t) => {
  const server = await serve(t);
  const ann = await join(server);
  const bad = [
    "no json",
    "null",
    "[]",
    '"text"',
    "{}",
    '{"id":1,"text":"x"}',
    '{"id":"","text":"x"}',
    `{"id":"${"i".repeat(129)}","text":"x"}`,
    '{"id":"x"}',
    '{"id":"x","text":5}',
    `{"id":"x","text":"${"t".repeat(4097)}"}`,
    Buffer.from('{"id":"x","text":"binary"}'),
  ];
  for (const message of bad) {
    ann.send(message);
    const { type, reason } = await ann.nextJson();
    assert.equal(type, "error", String(message));
    assert.ok(reason);
  }
  ann.sendJson({ id: "__proto__", text: "fine" });
  assert.equal((await ann.nextJson()).type, "ack");
});

test("there are at most 100 rooms, and an empty one makes space for a new one", async (t) => {
  const server = await serve(t);
  const members = [];
  for (let count = 0; count < 100; count += 1) members.push(await join(server, `room=r${count}`));
  const refused = await refusal(`${server.wsUrl}/chat?room=more`);
  assert.deepEqual(refused, { status: 503, body: "too many rooms" });
  members[7].ws.close();
  await members[7].closed();
  assert.equal((await join(server, "room=more")).welcome.room, "more");
});

test("a room takes at most 200 members", async (t) => {
  const server = await serve(t);
  for (let count = 0; count < 200; count += 1) await join(server);
  assert.equal((await refusal(`${server.wsUrl}/chat`)).status, 503);
});

// Tests of the simple endpoints.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { Client, connect, exchange, handshake, refusal, serve, temporaryDirectory } from "./harness.js";

test("echo sends text back as text and binary as binary", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/echo`);
  client.send("grüße");
  client.send(Buffer.of(0, 255, 7));
  client.send("");
  assert.equal(await client.next(), "grüße");
  assert.deepEqual(await client.next(), Buffer.of(0, 255, 7));
  assert.equal(await client.next(), "");
});

test("echo returns a large message whole", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/echo`);
  const message = Buffer.alloc(8 << 20, 3);
  client.send(message);
  assert.ok((await client.next()).equals(message));
});

test("echo greets at once when asked to", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/echo?greet=hello%20you`);
  assert.equal(await client.next(), "hello you");
});

for (const code of [1000, 1001, 1012, 3000, 4999]) {
  test(`close ends the connection with the code ${code} and the reason`, async (t) => {
    const server = await serve(t);
    const client = await connect(`${server.wsUrl}/close/${code}?reason=sch%C3%B6n`);
    assert.deepEqual(await client.closed(), { code, reason: "schön" });
  });
}

for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535]) {
  test(`close puts the irregular code ${code} on the wire`, async (t) => {
    const server = await serve(t);
    const answered = handshake(`/close/${code}?reason=x`);
    const reply = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 3, 232]);
    const bytes = await exchange(server, Buffer.concat([answered, reply]));
    const closeFrame = String.fromCharCode(0x88, 3, code >> 8, code & 255) + "x";
    assert.ok(bytes.split("\r\n\r\n")[1].startsWith(closeFrame));
  });
}

test("close with none sends a Close frame without a code", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/close/none`);
  assert.deepEqual(await client.closed(), { code: 1005, reason: "" });
});

test("close waits when asked to, and takes a reason of 123 bytes", async (t) => {
  const server = await serve(t);
  const reason = "r".repeat(123);
  const client = await connect(`${server.wsUrl}/close/4000?after=30&reason=${reason}`);
  assert.deepEqual(await client.closed(), { code: 4000, reason });
});

test("drop opens and then resets", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/drop?after=50`);
  assert.deepEqual(await client.closed(), { code: 1006, reason: "" });

  const socket = connectTcp(server.port, "127.0.0.1");
  socket.write(handshake("/drop"));
  socket.resume();
  const [error] = await once(socket, "error");
  assert.equal(error.code, "ECONNRESET");
});

test("refuse answers with the status that was asked for", async (t) => {
  const server = await serve(t);
  assert.equal((await refusal(`${server.wsUrl}/refuse`)).status, 403);
  assert.equal((await refusal(`${server.wsUrl}/refuse?status=499`)).status, 499);
  assert.equal((await refusal(`${server.wsUrl}/refuse?status=503`)).status, 503);
});

test("hang takes the connection and never answers", async (t) => {
  const server = await serve(t);
  const client = new Client(`${server.wsUrl}/hang?id=hung`, [], { handshakeTimeout: 200 });
  await client.closed();
  assert.match(client.error.message, /timed out/);
  assert.equal(server.control.connections("hung").length, 1);
});

test("protocol selects the first that was requested", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/protocol`, ["b.v2", "a"]);
  assert.equal(client.ws.protocol, "b.v2");
  assert.deepEqual(await client.nextJson(), { selected: "b.v2", requested: ["b.v2", "a"] });
});

test("protocol selects another of the requested", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/protocol?select=a`, ["b.v2", "a"]);
  assert.equal(client.ws.protocol, "a");
});

test("protocol selects what nobody requested", async (t) => {
  const server = await serve(t);
  for (const [name, headers] of [
    ["unasked", []],
    ["other", ["sec-websocket-protocol: a, b"]],
  ]) {
    const path = `/protocol?select=${name}`;
    const answer = await exchange(server, Buffer.concat([handshake(path, headers), closeFrame()]));
    assert.match(answer, new RegExp(`sec-websocket-protocol: ${name}\r\n`, "i"));
  }
});

test("protocol selects none although some were requested", async (t) => {
  const server = await serve(t);
  const headers = ["sec-websocket-protocol: a, b"];
  const bytes = Buffer.concat([handshake("/protocol?select=none", headers), closeFrame()]);
  const answer = await exchange(server, bytes);
  assert.doesNotMatch(answer.split("\r\n\r\n")[0], /sec-websocket-protocol/i);
  assert.match(answer, /{"selected":null,"requested":\["a","b"\]}/);
});

test("other endpoints select the first requested protocol", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/echo`, ["x", "y"]);
  assert.equal(client.ws.protocol, "x");
});

test("handshake tells headers, origin and cookies", async (t) => {
  const server = await serve(t);
  const headers = { cookie: "a=1; b=x=y", origin: "http://example.com", "x-test": "yes" };
  const client = await connect(`${server.wsUrl}/handshake`, [], { headers });
  const seen = await client.nextJson();
  assert.equal(seen.origin, "http://example.com");
  assert.deepEqual(seen.cookies, { a: "1", b: "x=y" });
  assert.equal(seen.headers["x-test"], "yes");
});

test("sink counts messages and bytes, and sees that the order is right", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/sink`);
  for (const index of [0, 1, 2]) client.send(numbered(index, 10));
  client.send("four");
  client.send(Buffer.of(1));
  client.send("report");
  assert.deepEqual(await client.nextJson(), {
    messages: 5,
    bytes: 35,
    text: 1,
    binary: 4,
    inOrder: true,
    firstOutOfOrder: null,
  });
});

test("sink names the first message that is out of order, until it is reset", async (t) => {
  const server = await serve(t);
  const client = await connect(`${server.wsUrl}/sink`);
  for (const index of [0, 1, 3, 2]) client.send(numbered(index, 4));
  client.send("report");
  client.send("report");
  client.send("reset");
  client.send("report");
  const first = await client.nextJson();
  assert.equal(first.inOrder, false);
  assert.equal(first.firstOutOfOrder, 3);
  assert.deepEqual(await client.nextJson(), first);
  const cleared = { messages: 0, bytes: 0, text: 0, binary: 0, inOrder: true, firstOutOfOrder: null };
  assert.deepEqual(await client.nextJson(), cleared);
});

test("an unknown path is refused with 404", async (t) => {
  const server = await serve(t);
  for (const path of ["/nothing", "/", "/echo/", "/echo/more", "/close", "/script/undefined"]) {
    assert.equal((await refusal(server.wsUrl + path)).status, 404, path);
  }
});

const BAD_PARAMETERS = [
  ["/close/abc", /code must be an integer/],
  ["/close/65536", /code must be/],
  ["/close/-1", /code must be/],
  ["/close/1e3", /code must be/],
  [`/close/1000?reason=${"%C3%A9".repeat(62)}`, /at most 123 bytes/],
  ["/close/none?reason=x", /needs a code/],
  ["/close/1000?after=-1", /after must be/],
  ["/drop?after=999999999", /after must be/],
  ["/slow", /rate must be/],
  ["/slow?rate=0", /rate must be/],
  ["/slow?rate=1.5", /rate must be/],
  ["/refuse?status=200", /status must be/],
  ["/refuse?status=600", /status must be/],
  ["/burst?count=1000001", /count must be/],
  ["/burst?size=99999999", /size must be/],
  ["/burst?count=1000000&size=100000", /count times size/],
  ["/burst?kind=blob", /kind must be one of: text, binary/],
  ["/burst?then=explode", /then must be/],
  ["/protocol?select=a%0d%0ax:y", /select must be/],
  ["/protocol?select=", /select must be/],
  ["/chat?room=a%20b", /room must be/],
  [`/chat?room=${"r".repeat(65)}`, /room must be/],
  ["/chat?since=x", /since must be/],
  ["/echo?id=", /id must be/],
  ["/echo?record=yes", /record must be/],
  ["/echo?greet=%ff", /bad percent-encoding in the query/],
  ["/echo%", /bad percent-encoding in the path/],
  ["/echo%00", /control characters/],
];
for (const [path, reason] of BAD_PARAMETERS) {
  test(`${path.slice(0, 40)} is refused with 400 and a reason of one line`, async (t) => {
    const server = await serve(t);
    const { status, body } = await refusal(server.wsUrl + path);
    assert.equal(status, 400);
    assert.match(body, reason);
    assert.doesNotMatch(body, /\n/);
  });
}

test("every endpoint works over TLS, a reset too", async (t) => {
  const tls = await makeCertificate(t);
  if (!tls) return t.skip("no openssl to make a certificate with");
  const server = await serve(t, { tls });
  assert.match(server.url, /^https:/);
  const echo = await connect(`${server.wsUrl}/echo`);
  echo.send("secret");
  assert.equal(await echo.next(), "secret");
  const slow = await connect(`${server.wsUrl}/slow?rate=100000`);
  slow.send("report");
  assert.equal((await slow.nextJson()).messages, 0);
  const dropped = await connect(`${server.wsUrl}/drop?after=50`);
  assert.equal((await dropped.closed()).code, 1006);
});

function numbered(index, size) {
  const message = Buffer.alloc(size);
  message.writeUInt32LE(index);
  return message;
}

function closeFrame() {
  return Buffer.of(0x88, 0x80, 0, 0, 0, 0);
}

async function makeCertificate(t) {
  const directory = await temporaryDirectory(t);
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const options =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  try {
    await promisify(execFile)("openssl", [...options.split(" "), "-keyout", key, "-out", cert]);
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
  return { key: await readFile(key), cert: await readFile(cert) };
}

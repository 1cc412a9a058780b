// Tests of plain HTTP: health, static files, and requests that are not welcome.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { exchange, serve, temporaryDirectory } from "./harness.js";

/** A server over a small site: `/` with a page and assets, `/pkg/` with a header of its own. */
async function serveSite(t) {
  const root = await temporaryDirectory(t);
  const files = {
    "secret.txt": "secret",
    "site/index.html": "<h1>home</h1>",
    "site/docs/index.html": "<h1>docs</h1>",
    "site/.hidden": "secret",
    "site/empty.txt": "",
    "site/a b.txt": "space",
    "pkg/app.wasm": "\0asm",
    ...Object.fromEntries(Object.keys(TYPES).map((name) => [`site/assets/${name}`, name])),
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(root, name, ".."), { recursive: true });
    await writeFile(join(root, name), content);
  }
  const statics = [
    { prefix: "/", directory: join(root, "site") },
    { prefix: "/pkg", directory: join(root, "pkg"), headers: { "x-policy": "strict" } },
  ];
  return serve(t, { statics });
}

const TYPES = {
  "a.html": "text/html; charset=utf-8",
  "a.css": "text/css; charset=utf-8",
  "a.js": "text/javascript; charset=utf-8",
  "a.mjs": "text/javascript; charset=utf-8",
  "a.wasm": "application/wasm",
  "a.json": "application/json",
  "a.js.map": "application/json",
  "a.svg": "image/svg+xml",
  "a.png": "image/png",
  "a.ico": "image/x-icon",
  "a.unknown": "application/octet-stream",
};

test("healthz says that all is well", async (t) => {
  const server = await serve(t);
  const response = await fetch(`${server.url}/healthz`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { ok: true });
  assert.equal((await fetch(`${server.url}/healthz`, { method: "POST" })).status, 405);
});

test("files come with their type and are not kept by caches", async (t) => {
  const server = await serveSite(t);
  for (const [name, type] of Object.entries(TYPES)) {
    const response = await fetch(`${server.url}/assets/${name}`);
    assert.equal(response.status, 200, name);
    assert.equal(response.headers.get("content-type"), type);
    assert.equal(response.headers.get("cache-control"), "no-cache");
    assert.equal(await response.text(), name);
  }
});

test("a directory answers with its index, at a path that ends with a slash", async (t) => {
  const server = await serveSite(t);
  assert.equal(await (await fetch(`${server.url}/`)).text(), "<h1>home</h1>");
  assert.equal(await (await fetch(`${server.url}/?query`)).text(), "<h1>home</h1>");
  const docs = await fetch(`${server.url}/docs`);
  assert.equal(docs.url, `${server.url}/docs/`);
  assert.equal(await docs.text(), "<h1>docs</h1>");
});

test("the longest prefix wins, and its headers are sent", async (t) => {
  const server = await serveSite(t);
  const response = await fetch(`${server.url}/pkg/app.wasm`);
  assert.equal(response.headers.get("x-policy"), "strict");
  assert.equal(response.headers.get("content-type"), "application/wasm");
  assert.equal((await fetch(`${server.url}/`)).headers.get("x-policy"), null);
});

test("HEAD sends the headers only", async (t) => {
  const server = await serveSite(t);
  const response = await fetch(`${server.url}/assets/a.js`, { method: "HEAD" });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-length"), "4");
  assert.equal(await response.text(), "");
});

test("empty files and names with spaces are served", async (t) => {
  const server = await serveSite(t);
  assert.equal(await (await fetch(`${server.url}/empty.txt`)).text(), "");
  assert.equal(await (await fetch(`${server.url}/a%20b.txt`)).text(), "space");
});

test("other methods on a file are refused with 405 and the allowed ones", async (t) => {
  const server = await serveSite(t);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const response = await fetch(`${server.url}/assets/a.js`, { method });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
  }
});

test("what is missing is answered with 404", async (t) => {
  const server = await serveSite(t);
  for (const path of ["/none.html", "/assets", "/assets/", "/docs/none", "/assets/a.js/"]) {
    assert.equal((await fetch(server.url + path)).status, 404, path);
  }
});

test("no path leads out of the directory or to a hidden file", async (t) => {
  const server = await serveSite(t);
  const paths = [
    "/../secret.txt",
    "/docs/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/%2e%2e%2fsecret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/docs/..%2f..%2fsecret.txt",
    "//secret.txt",
    "/./index.html",
    "/.hidden",
    "/%2ehidden",
    "/pkg/../index.html",
    "/pkg/../../secret.txt",
    "/docs%2findex.html",
    "//etc/passwd",
  ];
  for (const path of paths) {
    const answer = await exchange(server, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1.1 404 /, path);
  }
});

test("malformed targets are answered with 400", async (t) => {
  const server = await serveSite(t);
  for (const path of ["/%", "/%zz", "/%ff", "/%00", "/a?x=%", "*", "http://x/y", "/%c3%28"]) {
    const answer = await exchange(server, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1.1 400 /, path);
  }
});

test("a WebSocket endpoint asks plain requests to upgrade", async (t) => {
  const server = await serveSite(t);
  const response = await fetch(`${server.url}/echo`);
  assert.equal(response.status, 426);
  assert.equal(response.headers.get("upgrade"), "websocket");
});

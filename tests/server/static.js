// Serves files from mounted directories.

import { open } from "node:fs/promises";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";

import { requireMethod } from "./http.js";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

/**
 * @typedef {object} Mount
 * @property {string} [prefix] URL path under which the directory appears, e.g. `/pkg/`; `/` by default
 * @property {string} directory
 * @property {Record<string, string>} [headers] sent with every file, e.g. a policy under test
 */

/**
 * @param {Mount[]} mounts the longest matching prefix wins, without falling back to a shorter one
 * @returns {(request, response, target) => Promise<boolean>} false when there is no such file
 */
export function createStaticHandler(mounts) {
  const sorted = mounts.map(normalizeMount).sort((a, b) => b.prefix.length - a.prefix.length);

  return async function serveStatic(request, response, target) {
    const decodedPath = `/${target.segments.join("/")}`;
    const mount = sorted.find(({ prefix }) => `${decodedPath}/`.startsWith(prefix));
    const file = mount && isPlain(target.segments) && (await openFile(mount, decodedPath));
    if (!file) return false;
    try {
      requireMethod(request, "GET", "HEAD");
      await sendFile(request, response, target, mount, file);
    } finally {
      await file.handle.close();
    }
    return true;
  };
}

function normalizeMount({ prefix = "/", directory, headers = {} }) {
  const inner = prefix.replace(/^\/+|\/+$/g, "");
  return { prefix: inner === "" ? "/" : `/${inner}/`, directory, headers };
}

/**
 * No segment may leave the directory or name a hidden file. They are decoded already, so `%2e%2e` and
 * `%2f` are caught as well. Symbolic links are followed: whoever mounts a directory owns its links.
 */
function isPlain(segments) {
  const names = segments.at(-1) === "" ? segments.slice(0, -1) : segments;
  return names.every((name) => name !== "" && !name.startsWith(".") && !/[/\\]/.test(name));
}

async function openFile(mount, path) {
  const inside = path.slice(mount.prefix.length);
  const wantsDirectory = inside === "" || inside.endsWith("/");
  if (!wantsDirectory) {
    const file = await openIfFile(join(mount.directory, inside));
    if (file) return file;
  }
  const index = await openIfFile(join(mount.directory, inside, "index.html"));
  return index && { ...index, needsSlash: !path.endsWith("/") };
}

async function openIfFile(path) {
  let handle;
  try {
    handle = await open(path);
  } catch (error) {
    if (["EMFILE", "ENFILE"].includes(error.code)) throw error;
    return null; // missing, not readable, a name too long: all the same to a client
  }
  const stats = await handle.stat();
  if (stats.isFile()) return { handle, size: stats.size, type: typeOf(path) };
  await handle.close();
  return null;
}

function typeOf(path) {
  return TYPES[extname(path).toLowerCase()] ?? "application/octet-stream";
}

async function sendFile(request, response, target, mount, file) {
  if (file.needsSlash) {
    // Without the slash the page's relative links would point one level too high.
    response.writeHead(308, { location: `${target.path}/`, "content-length": 0 });
    response.end();
    return;
  }
  response.writeHead(200, {
    "cache-control": "no-cache",
    "content-type": file.type,
    "content-length": file.size,
    "x-content-type-options": "nosniff",
    ...mount.headers,
  });
  if (request.method === "HEAD" || file.size === 0) {
    response.end();
    return;
  }
  // `end` is inclusive and keeps to the announced length should the file grow meanwhile.
  const body = file.handle.createReadStream({ end: file.size - 1, autoClose: false });
  await pipeline(body, response).catch((error) => {
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") response.destroy();
  });
}

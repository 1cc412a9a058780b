// Opens the demo in Chromium, and notices everything that goes wrong in it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

import { CHROMIUM_ARGUMENTS } from "../../scripts/lib/chromium.js";
import { startServer } from "../server/index.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The strictest policy under which the page works. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
].join("; ");

/** Serves the demo as `npm start` does, under a content security policy. */
export function serveDemo({ policy = POLICY, tls } = {}) {
  const headers = { "content-security-policy": policy };
  const built = `${ROOT}target/demo`;
  assert.ok(existsSync(`${built}/sluicegate_demo.js`), `build the demo first: ${built} is missing`);
  return startServer({
    tls,
    control: true,
    statics: [
      { prefix: "/", directory: `${ROOT}www`, headers },
      { prefix: "/pkg/", directory: built, headers },
      { prefix: "/vendor/uplot/", directory: `${ROOT}node_modules/uplot/dist`, headers },
    ],
  });
}

/** A key and a certificate for this machine, or `undefined` without openssl. */
export function selfSigned() {
  const directory = mkdtempSync(join(tmpdir(), "sluicegate-"));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(directory, name));
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  try {
    execFileSync("openssl", ["req", "-x509", ...kind, ...name, "-keyout", key, "-out", cert], { stdio: "ignore" });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export function launchBrowser() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS });
}

/**
 * Opens the page, hands it to `use`, and fails on anything in the console.
 * @param {import("playwright-core").Browser} browser
 * @param {string} url
 * @param {(page: import("playwright-core").Page) => Promise<void>} use
 * @param {object} [options] of the browser context, and:
 * @param {() => void} [options.before] runs in the page before everything else
 * @param {RegExp} [options.expected] what the console may say: browsers report failed connections themselves
 */
export async function withDemo(browser, url, use, { before, expected, ...options } = {}) {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const faults = watchForFaults(page, expected);
    if (before) await page.addInitScript(before);
    await page.goto(url);
    await page.waitForSelector("[data-state=ready], [data-state=failed]");
    await use(page);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

function watchForFaults(page, expected = /^$/) {
  const faults = [];
  page.on("console", (message) => {
    const text = message.text();
    if (["error", "warning"].includes(message.type()) && !expected.test(text)) faults.push(text);
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("requestfailed", (request) => faults.push(`failed: ${request.url()}`));
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
  });
  return faults;
}

/** Picks an endpoint and connects. */
export async function connect(page, preset) {
  await page.selectOption("#preset", preset);
  await page.click("#connect");
}

/** Waits until the connection is in a state. */
export function reach(page, state) {
  return page.waitForSelector(`[data-state=${state}][aria-current=step]`);
}

/** Waits until an element's text matches. */
export function expectText(page, selector, pattern) {
  return page.locator(selector).filter({ hasText: pattern }).first().waitFor({ state: "attached" });
}

/** Rows of the log as `{ way, kind, size, preview }`. */
export function logRows(page) {
  return page.$$eval("#log-rows .row", (rows) =>
    rows.map((row) => {
      const text = (name) => row.querySelector(`.row-${name}`).textContent;
      return { way: text("way"), kind: text("kind"), size: text("size"), preview: text("preview") };
    }),
  );
}

/** Runs a flood to its end and gives its row of the table. */
export async function flood(page, options) {
  await startFlood(page, options);
  await expectText(page, "#flood-status", /^(Done|Failed)/);
  const cell = (name) => page.textContent(`#runs tr:first-child td[data-name="${name}"]`);
  return {
    sent: await cell("Sent"),
    arrived: await cell("Arrived"),
    peak: toBytes(await cell("Peak")),
    seconds: toSeconds(await cell("Time")),
  };
}

/** Starts a flood; the names of further switches are the ids of their fields. */
export async function startFlood(page, { mode, target, size = "16384", goal = "16 MiB", ...switches }) {
  await page.check(`[name=mode][value=${mode}]`);
  await page.selectOption("#flood-target", target);
  await page.selectOption("#flood-size", size);
  await page.selectOption("#flood-goal", goal);
  for (const [id, value] of Object.entries(switches)) {
    const isSelect = await page.$eval(`#${id}`, (field) => field.localName === "select");
    await (isSelect ? page.selectOption(`#${id}`, value) : page.fill(`#${id}`, value));
  }
  await page.click("#flood-start");
}

/** A count on the page. */
export async function count(page, id) {
  return Number((await page.textContent(`#${id}`)).replaceAll(",", ""));
}

/** What the page would see if its tab were hidden, or seen again: nothing is throttled. */
export function setHidden(page, hidden) {
  return page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

/** `1.5 MiB` as a number. */
export function toBytes(text) {
  const [, number, unit] = /^([\d.]+) (B|KiB|MiB)$/.exec(text.trim());
  return Number(number) * { B: 1, KiB: 1024, MiB: 1024 ** 2 }[unit];
}

/** `850 ms` or `2.41 s` as a number. */
function toSeconds(text) {
  const [, number, unit] = /^([\d.]+) (ms|s)/.exec(text.trim());
  return Number(number) * { ms: 0.001, s: 1 }[unit];
}

// The flow-control view in Chromium: each switch has its effect, and a hidden page goes on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { count, expectText, flood, launchBrowser, serveDemo, setHidden, startFlood, withDemo } from "./page.js";

const KIB = 1024;
const MIB = 1024 ** 2;
const MESSAGE = 16 * KIB;
const ROUNDING = 0.005 * MIB; // of the numbers on the page
const CONNECTION_FAILED = /WebSocket connection to .* failed/; // Chromium's own words

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), serveDemo()]);
});

after(async () => {
  await browser?.close();
  await server?.close();
});

const demo = (use, options) => withDemo(browser, server.url, use, options);

test("the gate bounds what the browser holds, and without it nothing does", () =>
  demo(async (page) => {
    const target = "/slow?rate=16777216";
    const highMark = 1 * MIB;
    for (const mode of ["await", "queue"]) {
      const { sent, arrived, peak } = await flood(page, { mode, target });
      assert.deepEqual([sent, arrived], ["16 MiB", "16 MiB"]);
      assert.ok(peak <= highMark + MESSAGE + ROUNDING, `${mode}: ${peak}`);
    }
    const { arrived, peak } = await flood(page, { mode: "bare", target });
    assert.equal(arrived, "16 MiB");
    assert.ok(peak > 2 * highMark, `bare: ${peak}`);
  }));

test("a flood at a deaf peer waits, and can be stopped", () =>
  demo(async (page) => {
    await page.selectOption("#flood-target", "/deaf");
    await page.click("#flood-start");
    await expectText(page, "#flood-status", "The gate is shut");
    await page.click("#flood-start");
    await expectText(page, "#flood-error", "a flood is running");
    await page.click("#flood-stop");
    await expectText(page, "#flood-status", "Stopped");
    await expectText(page, "#runs", "not told");
  }));

test("a lost connection ends a flood in words", () =>
  demo(
    async (page) => {
      const other = await serveDemo();
      await page.goto(other.url);
      await page.waitForSelector("[data-state=ready]");
      await page.selectOption("#flood-target", "/deaf");
      await page.click("#flood-start");
      await expectText(page, "#flood-status", "The gate is shut");
      await other.close();
      await expectText(page, "#flood-status", "Failed: ");
      await page.check("[name=mode][value=bare]");
      await page.click("#flood-start");
      await expectText(page, "#flood-status", "Failed: the connection failed");
    },
    { expected: CONNECTION_FAILED },
  ));

// ---- hidden ----

test("a flood goes on while the page is hidden, and the page says how fast", () =>
  demo(async (page) => {
    const hideAWhile = async (mode) => {
      await startFlood(page, { mode, target: "/slow?rate=4194304", goal: "stop" });
      await expectGrowth(page, "number-made");
      assert.ok((await shadedPixels(page)) < 100, "something is shaded"); // edges of lines may look like it
      await setHidden(page, true);
      await expectArrivals(page); // nothing is drawn now
      await setHidden(page, false);
      await expectText(page, "#flood-hidden", /The page was hidden for [\d.]+ m?s\./);
      assert.ok((await shadedPixels(page)) > 1000, "nothing is shaded");
      await page.click("#flood-stop");
      await expectText(page, "#flood-status", "Stopped: ");
      assert.match(await page.textContent("#runs tr:first-child [data-name='Rate hidden']"), /^[\d.]+ MiB\/s$/);
      return page.textContent("#flood-hidden");
    };
    const rates = "[\\d.]+ MiB/s hidden, [\\d.]+ MiB/s visible\\.";
    const gated = await hideAWhile("await");
    assert.match(gated, new RegExp(` Through the gate: ${rates} Now do the same without the gate`));
    const bare = await hideAWhile("timer");
    const earlier = `An earlier flood through the gate: ${rates}`;
    assert.match(bare, new RegExp(` Without a gate, with a timer: ${rates} ${earlier}`));
  }));

for (const [source, waker] of [
  ["automatic", "woken-atomics"],
  ["channel", "woken-channel"],
  ["timer", "woken-timer"],
]) {
  test(`a hidden page is woken as it is told to: ${source}`, () =>
    demo(async (page) => {
      await setHidden(page, true);
      await startFlood(page, { mode: "await", target: "/slow?rate=4194304", goal: "stop", "wake-source": source });
      await expectArrivals(page);
      await page.click("#flood-stop");
      assert.ok((await count(page, waker)) > 0, `not by ${source}`);
      if (source !== "automatic") assert.equal(await count(page, "woken-atomics"), 0);
    }));
}

// ---- switches ----

test("the peak of bufferedAmount follows the high mark", () =>
  demo(async (page) => {
    const target = "/slow?rate=16777216";
    const low = await flood(page, { mode: "await", target, "mark-low": "64", "mark-high": "256" });
    assert.ok(low.peak <= 256 * KIB + MESSAGE + ROUNDING, String(low.peak));
    const high = await flood(page, { mode: "await", target, "mark-low": "1024", "mark-high": "4096" });
    assert.ok(high.peak > 2 * MIB, String(high.peak));
    assert.ok((await count(page, "gate-shut")) > 0);
    assert.ok((await count(page, "gate-opened")) > 0);
  }));

test("a full queue rejects, or drops the oldest or the newest", () =>
  demo(async (page) => {
    const last = (16 * MIB) / MESSAGE - 1;
    const overfill = (overflow) =>
      flood(page, { mode: "queue", target: "/slow?rate=4194304", capacity: "1024", pace: "64", overflow });
    const newestDropped = async () => {
      const text = await page.textContent("#last-dropped li:first-child");
      return Number(/^no\. ([\d,]+), 16 KiB: overflow$/.exec(text)[1].replaceAll(",", ""));
    };
    const checkSums = async ({ sent, arrived }) => {
      const dropped = await count(page, "drop-overflow");
      assert.ok(dropped > 0, "nothing was dropped");
      assert.equal(arrived, sent);
      const arrivedMessages = Math.round(((last + 1) * MESSAGE - dropped * MESSAGE) / MESSAGE);
      assert.ok(Math.abs(mebibytes(sent) - arrivedMessages * MESSAGE) <= ROUNDING, `${sent}, ${dropped} dropped`);
    };

    const rejected = await overfill("reject");
    assert.deepEqual([rejected.sent, rejected.arrived], ["16 MiB", "16 MiB"]);
    assert.equal(await count(page, "drop-overflow"), 0);
    assert.ok((await count(page, "given-back")) > 0, "the queue was never full");

    await checkSums(await overfill("oldest"));
    assert.ok((await newestDropped()) < last - 32, "the newest messages were dropped");

    await checkSums(await overfill("newest"));
    assert.equal(await newestDropped(), last);
  }));

test("what waits too long expires", () =>
  demo(async (page) => {
    await flood(page, { mode: "queue", target: "/slow?rate=4194304", "time-to-live": "50" });
    assert.ok((await count(page, "drop-expired")) > 0);
    await expectText(page, "#last-dropped", /no\. [\d,]+, 16 KiB: expired/);
    await expectText(page, "#flood-status", /[\d,]+ dropped/);
    await flood(page, { mode: "await", target: "/slow?rate=4194304", "time-to-live": "" });
    assert.equal(await count(page, "drop-expired"), 0);
  }));

test("a newer message replaces one with the same key", () =>
  demo(async (page) => {
    await startFlood(page, { mode: "queue", target: "/deaf", goal: "stop", keys: "8" });
    await expectGrowth(page, "drop-replaced");
    await expectText(page, "#number-queued", "128 KiB"); // 8 of 16 KiB
    await page.click("#flood-stop");
  }));

test("a rate limit holds", () =>
  demo(async (page) => {
    const limit = 4 * MIB;
    const { sent, seconds } = await flood(page, { mode: "await", target: "/sink", "rate-limit": "4096" });
    assert.equal(sent, "16 MiB");
    const rate = (16 * MIB - limit) / seconds; // after a second's worth that goes at once
    assert.ok(rate < 1.1 * limit, `${rate / MIB} MiB/s`);
  }));

test("what makes no sense is explained beside its field, and nothing is lost", () =>
  demo(async (page) => {
    const refuse = async (field, value, error, text) => {
      const old = await page.inputValue(field);
      await page.fill(field, value);
      await page.click("#flood-start");
      await expectText(page, error, text);
      assert.equal(await page.getAttribute(field, "aria-invalid"), "true");
      assert.equal(await page.evaluate(() => `#${document.activeElement.id}`), field);
      assert.equal(await page.inputValue(field), value);
      await page.fill(field, old);
      await page.press(field, "Tab");
      await page.locator(error).filter({ hasText: /^$/ }).waitFor({ state: "attached" });
    };
    await refuse("#mark-low", "2048", "#gate-error", "low_water_mark must not be above high_water_mark");
    await refuse("#mark-high", "0", "#gate-error", "high_water_mark must be at least 1");
    await refuse("#mark-high", "99999999", "#gate-error", 'high mark "99999999" is not a number of KiB');
    await refuse("#capacity", "0", "#queue-error", "capacity must be at least 64");
    await refuse("#rate-limit", "0", "#queue-error", "counts and periods of a rate limit must not be 0");
    await refuse("#rate-limit", "fast", "#queue-error", 'rate limit "fast" is not a number of KiB');
    await refuse("#time-to-live", "-1", "#message-error", 'time to live "-1" is not a number of ms');
    await expectText(page, "#flood-status", "Ready.");
  }));

test("a message that is larger than the queue ends the flood in words", () =>
  demo(async (page) => {
    await startFlood(page, { mode: "queue", target: "/deaf", size: "262144", capacity: "16" });
    await expectText(page, "#flood-status", "Failed: ");
  }));

test("without a gate the browser holds a bounded amount", () =>
  demo(async (page) => {
    await startFlood(page, { mode: "bare", target: "/deaf", size: "262144", goal: "stop" });
    await expectText(page, "#flood-status", "The browser holds what the peer does not take.");
    await page.click("#flood-stop");
    await expectText(page, "#flood-status", "held back at 64 MiB");
    const [, peak] = /held up to ([\d.]+) MiB/.exec(await page.textContent("#flood-status"));
    assert.ok(Number(peak) <= 64.25 + 0.005, peak);
  }));

// ---- helpers ----

async function expectGrowth(page, id) {
  const old = await count(page, id);
  await page.waitForFunction(
    ([id, old]) => Number(document.getElementById(id).textContent.replaceAll(",", "")) > old,
    [id, Number.isNaN(old) ? 0 : old],
  );
}

/** Waits until more has arrived than the gate and the network hold. */
async function expectArrivals(page) {
  const received = () => server.control.connections().at(-1)?.received.bytes ?? 0;
  const enough = received() + 6 * MIB;
  for (let looks = 0; looks < 600; looks += 1) {
    if (received() >= enough) return;
    await page.waitForTimeout(50);
  }
  assert.fail(`only ${received()} of ${enough} bytes arrived`);
}

/** Pixels of the throughput's plot that show nothing but the shade. */
function shadedPixels(page) {
  return page.$eval("#plot-rate canvas", (canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let shaded = 0;
    for (let index = 3; index < data.length; index += 4) if (data[index] === 51) shaded += 1; // 20 % opaque
    return shaded;
  });
}

function mebibytes(text) {
  return Number(text.replace(" MiB", "")) * MIB;
}

// The demo page in Chromium: what a visitor does, and that nothing goes wrong while they do it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  connect,
  expectText,
  flood,
  launchBrowser,
  logRows,
  reach,
  selfSigned,
  serveDemo,
  withDemo,
} from "./page.js";

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

// ---- connection ----

test("text and a file come back from the echo", () =>
  demo(async (page) => {
    await connect(page, "echo");
    await reach(page, "OPEN");
    await page.fill("#draft", "grüß dich");
    await page.press("#draft", "Enter");
    await expectText(page, "#send-result", "Sent: 11 B");
    const buffer = Buffer.from([0, 1, 254, 255]);
    await page.setInputFiles("#files", { name: "four.bin", mimeType: "application/octet-stream", buffer });
    await expectText(page, "#attachments", "four.bin · 4 B");
    await page.click("#send");
    await expectText(page, "#log-summary", "2 sent, 2 received");
    const messages = (await logRows(page)).filter(({ size }) => size !== "");
    assert.deepEqual(messages.map(Object.values).sort(), [
      ["received", "binary", "4 B", "00 01 fe ff"],
      ["received", "text", "11 B", "grüß dich"],
      ["sent", "binary", "4 B", "00 01 fe ff"],
      ["sent", "text", "11 B", "grüß dich"],
    ]);
    assert.equal(await page.inputValue("#draft"), "");
    assert.ok(await page.isHidden("#attachments"));
    await page.click("#log-clear");
    await expectText(page, "#log-summary", "0 sent, 0 received");
  }));

test("a file can be dropped, and taken back", () =>
  demo(async (page) => {
    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["abc"], "dropped.txt"));
      return transfer;
    });
    await page.dispatchEvent("#composer", "drop", { dataTransfer: data });
    await expectText(page, "#attachments", "dropped.txt · 3 B");
    await page.click("text=Remove");
    assert.ok(await page.isHidden("#attachments"));
  }));

test("the page closes with a code and a reason, and a late message stays", () =>
  demo(async (page) => {
    await connect(page, "echo");
    await reach(page, "OPEN");
    await page.fill("#close-code", "4001");
    await page.fill("#close-reason", "bye");
    await page.click("#close");
    await reach(page, "CLOSED");
    await expectText(page, "#fact-code", "4001");
    await expectText(page, "#fact-reason", "bye");
    await expectText(page, "#fact-clean", "yes");
    await page.fill("#draft", "too late");
    await page.click("#send");
    await expectText(page, "#send-result", "Not sent: the connection is closing or closed.");
    assert.equal(await page.inputValue("#draft"), "too late");
  }));

test("a server's close is shown", () =>
  demo(async (page) => {
    await connect(page, "close");
    await reach(page, "CLOSED");
    await expectText(page, "#fact-code", "4001");
    await expectText(page, "#fact-reason", "bye");
  }));

test("a cut connection is shown", () =>
  demo(async (page) => {
    await connect(page, "drop");
    await reach(page, "CLOSED");
    await expectText(page, "#fact-code", "1006");
    await expectText(page, "#fact-clean", "no");
  }));

test("the selected subprotocol is shown", () =>
  demo(async (page) => {
    await connect(page, "protocol");
    await reach(page, "OPEN");
    await expectText(page, "#fact-protocol", "chat.v2");
  }));

test("what is invalid is explained beside its field", () =>
  demo(async (page) => {
    const refuse = async (field, value, button, error, text) => {
      const old = await page.inputValue(field);
      await page.fill(field, value);
      await page.click(button);
      await expectText(page, error, text);
      assert.equal(await page.getAttribute(field, "aria-invalid"), "true");
      await page.fill(field, old);
    };
    await refuse("#url", "ftp://a/b", "#connect", "#url-error", 'invalid URL "ftp://a/b": its scheme is none of');
    await refuse("#url", "", "#connect", "#url-error", 'invalid URL "": it is empty');
    await refuse("#url", "ws://a:b:c/", "#connect", "#url-error", "it cannot be parsed");
    await refuse("#protocols", "a b", "#connect", "#protocols-error", 'invalid subprotocol "a b"');
    await refuse("#protocols", "a, a", "#connect", "#protocols-error", 'subprotocol "a" is given twice');
    await refuse("#close-code", "1001", "#close", "#close-error", "close code 1001 cannot be sent");
    await refuse("#close-code", "x", "#close", "#close-error", "is not a number");
    await refuse("#close-reason", "é".repeat(62), "#close", "#close-error", "close reason has 124 bytes");
  }));

test("a refused connection is explained", () =>
  demo(
    async (page) => {
      await connect(page, "refuse");
      await reach(page, "CLOSED");
      await expectText(page, "#connect-error", "the connection failed: connection closed with code 1006");
    },
    { expected: CONNECTION_FAILED },
  ));

test("a connection that the page's policy forbids is named at once", () =>
  demo(
    async (page) => {
      await page.fill("#url", "ws://example.invalid/?token=secret");
      await page.click("#connect");
      const sentence = 'the browser blocked the connection to "ws://example.invalid/"';
      await expectText(page, "#url-error", sentence);
    },
    { expected: /Content Security Policy/ },
  ));

test("an https page is told to use wss", async (context) => {
  const tls = selfSigned();
  if (!tls) return context.skip("there is no openssl");
  const secure = await serveDemo({ tls });
  try {
    await withDemo(
      browser,
      secure.url,
      async (page) => {
        await page.fill("#url", "ws://example.invalid/?token=secret");
        await page.click("#connect");
        const sentence = 'an https page cannot connect to "ws://example.invalid/": use wss';
        await expectText(page, "#url-error", sentence);
        await connect(page, "echo");
        await reach(page, "OPEN");
      },
      { ignoreHTTPSErrors: true },
    );
  } finally {
    await secure.close();
  }
});

test("a handshake that hangs can be given up", () =>
  demo(
    async (page) => {
      await connect(page, "hang");
      await reach(page, "CONNECTING");
      await expectText(page, "#close", "Give up");
      await page.click("#close");
      await reach(page, "CLOSED");
    },
    { expected: CONNECTION_FAILED },
  ));

test("a deaf peer can be given up", () =>
  demo(async (page) => {
    await connect(page, "deaf");
    await reach(page, "OPEN");
    await page.click("#close");
    await reach(page, "CLOSING");
    await reach(page, "CLOSED");
    await expectText(page, "#fact-code", "1006");
  }));

// ---- messages ----

test("a burst leaves the log bounded and the page responsive", () =>
  demo(async (page) => {
    await page.fill("#url", `${server.wsUrl}/burst?count=20000&size=64`);
    await page.evaluate(() => {
      globalThis.paintedFrames = 0;
      requestAnimationFrame(function count() {
        const done = document.querySelector("#log-summary").textContent.includes("20,000 received");
        if (!done) globalThis.paintedFrames += 1;
        requestAnimationFrame(count);
      });
    });
    await page.click("#connect");
    await page.fill("#draft", "typed meanwhile");
    await expectText(page, "#log-summary", "20,000 received");
    assert.ok((await page.evaluate(() => globalThis.paintedFrames)) >= 5, "the page froze");
    assert.equal((await logRows(page)).length, 500);
    assert.match((await logRows(page)).at(-1).preview, /^00019999/);
    await expectText(page, "#log-dropped", "19,502 older rows dropped"); // connect and open are rows too
    assert.equal(await page.inputValue("#draft"), "typed meanwhile");
  }));

test("the log stays where the reader scrolled", () =>
  demo(async (page) => {
    await page.fill("#url", `${server.wsUrl}/burst?count=300&size=64`);
    await page.click("#connect");
    await expectText(page, "#log-summary", "300 received");
    await page.$eval("#log", (log) => (log.scrollTop = 0));
    await page.locator("#log-latest").waitFor();
    await page.click("#connect");
    await expectText(page, "#log-summary", "600 received");
    assert.ok((await page.$eval("#log", (log) => log.scrollHeight - log.scrollTop - log.clientHeight)) > 1000);
    await page.click("#log-latest");
    await page.locator("#log-latest").waitFor({ state: "hidden" });
  }));

// ---- everybody's page ----

test("the keyboard alone connects and sends", () =>
  demo(async (page) => {
    const tabTo = async (id) => {
      for (let presses = 0; presses < 30; presses += 1) {
        await page.keyboard.press("Tab");
        if ((await page.evaluate(() => document.activeElement.id)) === id) return;
      }
      assert.fail(`no way to #${id} by Tab`);
    };
    await tabTo("connect");
    assert.notEqual(await page.$eval("#connect", (button) => getComputedStyle(button).outlineStyle), "none");
    await page.keyboard.press("Enter");
    await reach(page, "OPEN");
    await tabTo("draft");
    await page.keyboard.type("typed");
    await page.keyboard.press("Enter");
    await expectText(page, "#log-summary", "1 sent, 1 received");
    await tabTo("files");
    await tabTo("send");
    await tabTo("flood-start");
    await tabTo("flood-stop");
  }));

test("a phone needs no sideways scrolling", () =>
  demo(
    async (page) => {
      await connect(page, "echo");
      await page.fill("#draft", "wide ".repeat(100));
      await page.press("#draft", "Enter");
      await expectText(page, "#log-summary", "1 sent, 1 received");
      await flood(page, { mode: "await", target: "/sink" });
      const [content, view] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      assert.ok(content <= view, `${content} > ${view}`);
    },
    { viewport: { width: 360, height: 740 } },
  ));

test("the dark scheme is dark, also while the page is open", () =>
  demo(
    async (page) => {
      const background = () =>
        page.evaluate(() => {
          const rgb = getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g);
          return Math.max(...rgb.slice(0, 3).map(Number));
        });
      assert.ok((await background()) < 60);
      await page.emulateMedia({ colorScheme: "light" });
      assert.ok((await background()) > 200);
      assert.equal(await page.locator(".uplot").count(), 2);
    },
    { colorScheme: "dark" },
  ));

for (const name of ["WebSocket", "WebAssembly"]) {
  test(`without ${name} there is a sentence`, () =>
    demo((page) => expectText(page, "#notice", `This browser has no ${name}.`), {
      before: `delete globalThis.${name}`,
    }));
}

test("without JavaScript there is a sentence", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(server.url);
  await expectText(page, ".notice", "It needs JavaScript");
  await context.close();
});

test("a policy against WebAssembly is named", async () => {
  const strict = await serveDemo({ policy: "script-src 'self'" });
  try {
    await withDemo(browser, strict.url, (page) => expectText(page, "#notice", "'wasm-unsafe-eval'"), {
      expected: /Content Security Policy|wasm/i,
    });
  } finally {
    await strict.close();
  }
});

// Browsers as people start them: plain processes with a fresh profile each, on a screen that nobody sees.
//
// WebDriver and Playwright switch off what is studied here: throttled timers, frozen pages and the page cache.

import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { start, stop } from "../commands.js";
import { withDesktop } from "../display.js";
import { Failure } from "../failure.js";
import { killTagged } from "../leftovers.js";
import { removeAtExit, root } from "../paths.js";
import { prepare } from "./engines.js";
import { Tab } from "./tab.js";

// What the server of a page must serve beside it; it also needs the control interface.
export const rigStatics = [{ prefix: "/rig/", directory: join(root, "scripts/lib/rig/page") }];

// Opens a page that imports `/rig/tab.js` and calls `action` with its tab. Every process has ended afterwards.
export async function withTab(browser, url, action) {
  const home = mkdtempSync(join(tmpdir(), "sluicegate-"));
  const remove = removeAtExit(home);
  try {
    return await withDesktop(home, (desktop) => withBrowser(browser, url, { home, desktop }, action));
  } finally {
    // What left its process group still has this home.
    killTagged({ HOME: home });
    remove();
  }
}

async function withBrowser(browser, url, { home, desktop }, action) {
  const { args, env, keys } = prepare(browser.engine, home);
  const address = new URL(url);
  address.searchParams.set("tab", randomUUID());
  // The second page is what hides the first.
  const child = start(browser.program, [...args, address.href, "about:blank"], {
    env: { ...desktop, ...env },
    stdio: ["ignore", "ignore", "ignore"],
  });
  const tab = new Tab(address, { child, desktop, home, keys });
  child.on("error", (error) => tab.end(error));
  child.on("exit", () => tab.end(new Failure(`${browser.engine} ended by itself`)));
  try {
    await tab.loaded();
    const result = await action(tab);
    tab.requireNoTrouble();
    return result;
  } finally {
    tab.end(new Failure("the tab is closed"));
    await stop(child);
  }
}

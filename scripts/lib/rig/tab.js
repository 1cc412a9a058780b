// A tab of a browser, moved by keys and by what its page is asked to do; the page tells how it is.
//
// Both talk over two boards of the page's own server, so that the page meets no other origin.

import { EventEmitter, once } from "node:events";

import { read, signalGroup } from "../commands.js";
import { Failure } from "../failure.js";
import { setLifecycleState } from "./devtools.js";

const START_SECONDS = 60;
const CHANGE_SECONDS = 20;
const CALL_SECONDS = 300;
const KEY_SECONDS = 2;

export class Tab {
  #address;
  #browser;
  #board;
  #calls;
  #visibility = null;
  #trouble = [];
  #reports = [];
  #lastCall = 0;
  #changes = new EventEmitter().setMaxListeners(0);
  #ended = new AbortController();

  constructor(address, browser) {
    this.#address = address;
    this.#browser = browser;
    this.#board = new URL(`/control/board/${address.searchParams.get("tab")}`, address);
    this.#listen().catch((error) => this.end(error));
  }

  // Another tab is in front; resolves when the page was told so.
  hide() {
    return this.#press(this.#browser.keys.other, "hidden");
  }

  show() {
    return this.#press(this.#browser.keys.page, "visible");
  }

  // Chromium only, which freezes hidden pages.
  async freeze() {
    await this.hide();
    await setLifecycleState(this.#browser.home, "frozen");
    await this.next("freeze");
  }

  // The page is shown again, too.
  async resume() {
    await setLifecycleState(this.#browser.home, "active");
    await this.next("resume");
    await this.show();
  }

  // Stops and continues the whole browser, as the sleep of a machine does.
  stop() {
    signalGroup(this.#browser.child, "SIGSTOP");
  }

  continue() {
    signalGroup(this.#browser.child, "SIGCONT");
  }

  // Goes to another page of the same server, which imports `/rig/tab.js`, too.
  async goto(url) {
    const address = new URL(url, this.#address);
    address.searchParams.set("tab", this.#address.searchParams.get("tab"));
    await this.call("goto", address.href);
    await this.#shown();
  }

  // Resolves to whether the page came from the page cache.
  async back() {
    await this.call("back");
    return this.#shown();
  }

  // Calls a function that the page offers by `answer`.
  async call(name, ...args) {
    const id = (this.#lastCall += 1);
    await fetch(this.#calls, { method: "POST", body: JSON.stringify({ id, name, args }) });
    const { value, error } = await this.#take((report) => report.topic === "answer" && report.value.id === id, {
      what: `an answer to ${name}`,
      seconds: CALL_SECONDS,
    });
    if (error) throw new Failure(`${name}: ${error}`);
    return value;
  }

  // What the page reports next under this topic.
  next(topic) {
    return this.#take((report) => report.topic === topic, { what: `"${topic}"`, seconds: CHANGE_SECONDS });
  }

  // Resolves when the page can be called.
  async loaded() {
    const what = "the page to load: it must import /rig/tab.js, and its server needs rigStatics and the control";
    await this.#shown({ what, seconds: START_SECONDS });
  }

  requireNoTrouble() {
    if (this.#trouble.length) throw new Failure(`errors reached the page: ${this.#trouble.join("; ")}`);
  }

  end(reason) {
    this.#ended.abort(reason);
  }

  async #shown(patience = { what: "a page to be shown", seconds: CHANGE_SECONDS }) {
    const { persisted, calls } = await this.#take((report) => report.topic === "pageshow", patience);
    this.#calls = new URL(calls, this.#address);
    return persisted;
  }

  // Once more when nothing happens: a window that has just appeared may not have the keyboard yet.
  async #press(key, visibility) {
    const deadline = Date.now() + CHANGE_SECONDS * 1_000;
    while (this.#visibility !== visibility) {
      if (Date.now() > deadline) throw new Failure(`the page did not say that it is ${visibility}`);
      await read("xdotool", ["key", key], { env: this.#browser.desktop });
      await this.#until(() => this.#visibility === visibility, KEY_SECONDS);
    }
  }

  async #take(matches, { what, seconds }) {
    if (!(await this.#until(() => this.#reports.some(matches), seconds)))
      throw new Failure(`waited too long for ${what}`);
    const [{ value }] = this.#reports.splice(this.#reports.findIndex(matches), 1);
    return value;
  }

  // False when the time is over first.
  async #until(isTrue, seconds) {
    const timer = new AbortController();
    const timeout = setTimeout(() => timer.abort(), seconds * 1_000);
    const abort = () => timer.abort();
    this.#ended.signal.addEventListener("abort", abort);
    try {
      while (!isTrue() && !this.#ended.signal.aborted && !timer.signal.aborted)
        await once(this.#changes, "report", { signal: timer.signal }).catch(() => {});
      this.#ended.signal.throwIfAborted();
      return isTrue();
    } finally {
      clearTimeout(timeout);
      this.#ended.signal.removeEventListener("abort", abort);
    }
  }

  async #listen() {
    const { signal } = this.#ended;
    for (let count = 0; !signal.aborted; ) {
      const response = await fetch(`${this.#board}?from=${count}`, { signal });
      const reports = await response.json();
      count += reports.length;
      for (const report of reports) this.#hear(report);
    }
  }

  #hear({ topic, value }) {
    if (topic === "visibility") this.#visibility = value;
    else if (topic === "trouble") this.#trouble.push(value);
    else this.#reports.push({ topic, value });
    this.#changes.emit("report");
  }
}

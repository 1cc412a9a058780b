// What the tests ask of the page.

import { answer } from "/rig/tab.js";

import { wakeups } from "./counters.js";

// Imported late, so that all that it finds is counted.
const { default: start, Client, open } = await import("/pkg/sluicegate_lifecycle.js");
await start();

let client;
let flooding;
const closes = [];

answer({
  visibility: () => document.visibilityState,
  wakeups,

  async chain(links) {
    const gaps = [];
    for (let last = performance.now(); gaps.length < links; ) {
      await sleep(4);
      const now = performance.now();
      gaps.push(Math.round(now - last));
      last = now;
    }
    return gaps;
  },

  async connect(path) {
    client = await Client.connect(webSocketUrl(path), (code) => closes.push(code));
    return client.readyState();
  },

  flood() {
    flooding = client.flood();
  },

  async endFlood() {
    client.stop();
    await flooding;
  },

  figures: () => ({ at: performance.now(), polls: client.polls(), peak: client.takePeak() }),

  async closes(patience) {
    await sleep(patience);
    return closes;
  },

  // What is thrown at once, and the close events until then.
  async attempt(url, patience) {
    const outcome = { thrown: null, closes: [] };
    try {
      open(url, (code) => outcome.closes.push(code));
    } catch (error) {
      outcome.thrown = error.message;
    }
    await sleep(patience);
    return outcome;
  },
});

function webSocketUrl(path) {
  return location.origin.replace("http", "ws") + path;
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

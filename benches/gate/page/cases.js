// Runs one case after the other, each in a frame of its own.

import { answer } from "/rig/tab.js";

answer({ runCase });

let count = 0;

// A new frame has new wasm memory, and takes with it what the case left behind.
async function runCase(one) {
  document.getElementById("count").textContent = count += 1;
  const frame = document.createElement("iframe");
  frame.src = "case.html";
  const loaded = new Promise((resolve) => (frame.onload = resolve));
  document.body.append(frame);
  await loaded;
  const { hidden } = document;
  try {
    const figures = await frame.contentWindow.run(JSON.stringify(one));
    if (document.hidden !== hidden) throw new Error("the page was hidden or shown in between");
    return { hidden, figures: JSON.parse(figures) };
  } catch (error) {
    return { hidden, failure: error.message };
  } finally {
    frame.remove();
  }
}

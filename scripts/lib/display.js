// Gives a browser that cannot run headless a display that nobody sees.

import { findOnPath, start, stop } from "./commands.js";
import { Failure } from "./failure.js";

// Calls `action` with the environment that leads to the display.
export async function withDisplay(action) {
  const xvfb = findOnPath("Xvfb");
  if (!xvfb) return action({ DISPLAY: process.env.DISPLAY });
  // Xvfb picks a free display itself and writes its number to descriptor 3.
  const args = ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
  const child = start(xvfb, args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  try {
    const number = await displayNumber(child);
    return await action({ DISPLAY: `:${number}`, WAYLAND_DISPLAY: undefined, GDK_BACKEND: "x11" });
  } finally {
    await stop(child);
  }
}

function displayNumber(child) {
  return new Promise((resolve, reject) => {
    child.stdio[3].once("data", (data) => resolve(String(data).trim()));
    child.on("error", reject);
    child.on("exit", () => reject(new Failure("Xvfb ended before it had a display")));
  });
}

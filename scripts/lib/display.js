// Gives a browser that cannot or shall not run headless a display that nobody sees.

import { findOnPath, start, stop } from "./commands.js";
import { Failure } from "./failure.js";

// What a desktop needs of the machine.
export const DESKTOP = ["Xvfb", "openbox", "xdotool"];

// Calls `action` with the environment that leads to the display.
export async function withDisplay(action) {
  const xvfb = findOnPath("Xvfb");
  if (!xvfb) return action({ DISPLAY: process.env.DISPLAY });
  // Xvfb picks a free display itself and writes its number to descriptor 3.
  const args = ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
  const child = start(xvfb, args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  try {
    const number = await firstData(child, child.stdio[3], "Xvfb");
    return await action({ DISPLAY: `:${number}`, WAYLAND_DISPLAY: undefined, GDK_BACKEND: "x11" });
  } finally {
    await stop(child);
  }
}

// A display with a window manager, which gives the keyboard to new windows; its programs have their home in `home`.
export async function withDesktop(home, action) {
  const missing = DESKTOP.filter((name) => !findOnPath(name));
  if (missing.length) throw new Failure(`browsers with windows need ${missing.join(" and ")}`);
  return withDisplay(async (display) => {
    const env = { ...display, ...homeAt(home) };
    const manager = start("openbox", ["--startup", "echo up"], { env, stdio: ["ignore", "pipe", "ignore"] });
    try {
      await firstData(manager, manager.stdout, "openbox");
      return await action(env);
    } finally {
      await stop(manager);
    }
  });
}

// Of nobody's own settings, and of no session that a program could talk to.
function homeAt(home) {
  const unset = ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "DBUS_SESSION_BUS_ADDRESS"];
  return { ...Object.fromEntries(unset.map((name) => [name, undefined])), HOME: home, XDG_RUNTIME_DIR: home };
}

// What a program writes once it is ready.
function firstData(child, stream, name) {
  return new Promise((resolve, reject) => {
    stream.once("data", (data) => resolve(String(data).trim()));
    child.on("error", reject);
    child.on("exit", () => reject(new Failure(`${name} ended before it was ready`)));
  });
}

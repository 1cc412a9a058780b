// Finds the browsers and their drivers; on Debian, as root, installs them first.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { findOnPath, isExecutable, run } from "./commands.js";
import { DESKTOP } from "./display.js";
import { Failure } from "./failure.js";
import { step } from "./steps.js";
import { ensureGeckodriver } from "./tools.js";

export const ENGINES = ["chromium", "firefox", "webkit"];

const PACKAGES = [
  ...["chromium", "chromium-driver", "firefox-esr", "webkit2gtk-driver"],
  ...["xvfb", "openbox", "xdotool"],
];

const find = { chromium: findChromium, firefox: findFirefox, webkit: findWebKit };

// The engines of this machine out of those asked for, each with its program and its driver.
export async function ensureBrowsers(wanted = ENGINES) {
  if (canInstall() && !hasAll(wanted)) await installPackages();
  const found = [];
  for (const engine of wanted) {
    const browser = find[engine]();
    if (isComplete(browser)) found.push({ engine, ...browser });
    else report(engine, browser);
  }
  if (found.length === 0) throw new Failure(`install ${wanted.join(" or ")} and its WebDriver to test in a browser`);
  return Promise.all(found.map(withDriver));
}

function hasAll(wanted) {
  return DESKTOP.every(findOnPath) && wanted.every((engine) => isComplete(find[engine]()));
}

function isComplete(browser) {
  return Object.values(browser).every((path) => path !== null);
}

// On Debian all engines could be installed, so one that is missing is a fault; elsewhere it is only said.
function report(engine, browser) {
  const parts = Object.keys(browser).filter((part) => browser[part] === null);
  const sentence = `${engine} is not tested: found no ${parts.join(" and no ")} for it`;
  if (canInstall()) throw new Failure(sentence);
  console.log(sentence);
}

function findChromium() {
  return {
    program: findFirst(
      ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
      [
        "/snap/bin/chromium",
        "/opt/google/chrome/chrome",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
      ],
    ),
    driver:
      process.env.CHROMEDRIVER || findFirst(["chromedriver"], ["/usr/lib/chromium-browser/chromedriver"]),
  };
}

// Without its driver, which we can compile wherever Rust is.
function findFirefox() {
  return {
    program: findFirst(
      ["firefox", "firefox-esr"],
      ["/snap/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
    ),
  };
}

// The driver starts the MiniBrowser that it was built with, and that one needs a display.
function findWebKit() {
  return {
    program: findMiniBrowser(),
    driver: findFirst(["WebKitWebDriver"]),
    display: findOnPath("Xvfb") || process.env.DISPLAY || null,
  };
}

function findMiniBrowser() {
  const libraries = [
    "/usr/lib",
    "/usr/libexec",
    ...listDirectory("/usr/lib").filter((path) => path.endsWith("-linux-gnu")),
  ];
  const paths = libraries
    .flatMap((path) => listDirectory(path))
    .filter((path) => /\/webkit(2gtk|gtk)-[\d.]+$/.test(path));
  return paths.map((path) => join(path, "MiniBrowser")).find(isExecutable) || null;
}

function listDirectory(path) {
  return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
}

function findFirst(names, paths = []) {
  return names.map(findOnPath).find(Boolean) || paths.find(isExecutable) || null;
}

async function withDriver(browser) {
  if (browser.engine !== "firefox") return browser;
  return { ...browser, driver: process.env.GECKODRIVER || join(await ensureGeckodriver(), "geckodriver") };
}

function canInstall() {
  if (process.getuid?.() !== 0 || !existsSync("/etc/os-release")) return false;
  return /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));
}

function installPackages() {
  return step(`installing ${PACKAGES.join(", ")} (about 400 MB, a few minutes, once)`, async () => {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-q"], { env });
    await run("apt-get", ["install", "-q", "-y", "--no-install-recommends", ...PACKAGES], { env });
  });
}

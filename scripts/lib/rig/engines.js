// How each browser is started with a fresh profile and no traffic of its own, and which keys change its tab.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { CHROMIUM_ARGUMENTS } from "../chromium.js";
import { FIREFOX_PREFERENCES } from "./firefox.js";

// The arguments and the environment of a browser whose home is the folder `home`.
export function prepare(engine, home) {
  const profile = join(home, "profile");
  mkdirSync(profile);
  return engines[engine](profile);
}

const engines = {
  chromium: (profile) => ({
    args: [
      ...CHROMIUM_ARGUMENTS,
      `--user-data-dir=${profile}`,
      "--no-default-browser-check",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
      // On the loopback interface, at a port that Chromium picks and writes into its profile.
      "--remote-debugging-port=0",
    ],
    env: {},
    keys: { page: "ctrl+1", other: "ctrl+2" },
  }),

  firefox: (profile) => {
    const lines = Object.entries(FIREFOX_PREFERENCES).map(
      ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`,
    );
    writeFileSync(join(profile, "user.js"), lines.join(""));
    return {
      args: ["--new-instance", "--profile", profile],
      // Without it a release ignores where the preferences say that remote settings come from.
      env: { MOZ_REMOTE_SETTINGS_DEVTOOLS: "1" },
      keys: { page: "alt+1", other: "alt+2" },
    };
  },

  webkit: () => ({
    args: [],
    // WebKit's sandbox cannot be set up inside most containers.
    env: { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" },
    keys: { page: "ctrl+Page_Up", other: "ctrl+Page_Down" },
  }),
};

// How Chromium is started for tests, by whichever driver.

export const CHROMIUM_ARGUMENTS = [
  "--no-sandbox", // which root cannot have
  "--disable-dev-shm-usage", // which is 64 MB in a container
  "--disable-gpu",
  // No traffic of the browser's own.
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

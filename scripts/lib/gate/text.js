// How figures and names are written in the tables of the gate's benchmark.

import { MIB } from "./plan.js";
import { median } from "./summary.js";

export const labels = {
  sink: "`SinkExt::send`",
  send: "`send().await`",
  handlers: "`try_send`, `on_drain`",
  bare: "bare object",
};

// The median and, of several, what it lies between. In ascending order.
export function ratiosText(ratios) {
  if (ratios.length === 0) return "–";
  const middle = median(ratios).toFixed(2);
  return ratios.length === 1 ? middle : `${middle} (${ratios[0].toFixed(2)}–${ratios.at(-1).toFixed(2)})`;
}

export function bytesText(bytes) {
  return bytes < MIB / 10 ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / MIB).toFixed(2)} MiB`;
}

export function rateText(bytesPerSecond) {
  const rate = bytesPerSecond / MIB;
  return rate.toFixed(rate < 10 ? 2 : 0);
}

export function millisecondsText(milliseconds) {
  return milliseconds.toFixed(milliseconds < 10 ? 1 : 0);
}

export function pollsText(polls) {
  return polls === null ? "–" : String(Math.round(polls));
}

// What the rounds of a group come to: medians, and ratios of what was measured in the same round.

import { MODES } from "./plan.js";

const BARE = "bare";

// One row per group and mode, with `null` for what cannot be told.
export function summarize(cases) {
  const rows = [];
  for (const group of new Set(cases.map((each) => each.group))) {
    const ofGroup = cases.filter((each) => each.group === group);
    for (const mode of MODES) rows.push(summarizeMode(ofGroup, group, mode));
  }
  return rows.map((row) => ({ ...row, ofVisible: ofVisible(row, rows) }));
}

function summarizeMode(cases, group, mode) {
  const own = cases.filter((each) => each.mode === mode);
  const measured = own.filter(({ figures }) => figures).map(({ figures }) => figures);
  const of = (name) => median(measured.map((figures) => figures[name]));
  return {
    group,
    mode,
    rounds: measured.length,
    failures: own.filter(({ failure }) => failure).map(({ failure }) => failure),
    // Where the time was up first, the rate is of what was handed over.
    incomplete: measured.filter(({ report }) => !report).length,
    rate: median(measured.map(rateOf)),
    ratios: mode === BARE ? [] : ratiosToBare(own, cases),
    bytesSent: of("bytesSent"),
    peakBufferedAmount: Math.max(...measured.map((figures) => figures.peakBufferedAmount)),
    wasmBytes: Math.max(...measured.map((figures) => figures.wasmBytes)),
    polls: of("polls"),
    longestStretchMs: of("longestStretchMs"),
  };
}

// In ascending order.
function ratiosToBare(own, cases) {
  const ratios = own.map((each) => {
    const bare = cases.find(({ mode, round }) => mode === BARE && round === each.round);
    return each.figures && bare?.figures ? rateOf(each.figures) / rateOf(bare.figures) : null;
  });
  return ratios.filter((ratio) => ratio !== null).sort((a, b) => a - b);
}

function ofVisible({ group, mode, rate }, rows) {
  if (!group.hidden) return null;
  const isSame = ({ hidden, peer, size }) => !hidden && peer === group.peer && size === group.size;
  const visible = rows.find((row) => isSame(row.group) && row.mode === mode);
  return rate / visible.rate;
}

// In bytes per second.
function rateOf({ report, bytesSent, seconds }) {
  return (report ? report.bytes : bytesSent) / seconds;
}

// `null` of nothing, or where a value is missing.
export function median(values) {
  if (values.length === 0 || values.includes(null)) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

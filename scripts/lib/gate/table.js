// Puts what one engine achieved into Markdown tables, with the budgets beside them.

import { judge } from "./budgets.js";
import { titleOf } from "./plan.js";
import { summarize } from "./summary.js";
import { bytesText, labels, millisecondsText, pollsText, rateText, ratiosText } from "./text.js";

const COLUMNS = {
  "": ({ mode }) => labels[mode],
  "MiB/s": ({ rate, incomplete }) => `${rateText(rate)}${incomplete ? " †" : ""}`,
  "× bare": ({ ratios }) => ratiosText(ratios),
  "× visible": ({ ofVisible }) => ofVisible.toFixed(2),
  "handed over": ({ bytesSent }) => bytesText(bytesSent),
  "peak `bufferedAmount`": ({ peakBufferedAmount }) => bytesText(peakBufferedAmount),
  "wasm memory": ({ wasmBytes }) => bytesText(wasmBytes),
  polls: ({ polls }) => pollsText(polls),
  "longest stretch, ms": ({ longestStretchMs }) => millisecondsText(longestStretchMs),
};

const COMMON = ["peak `bufferedAmount`", "wasm memory", "polls", "longest stretch, ms"];
const TIMED = ["", "MiB/s", "× bare", ...COMMON];
const HIDDEN = ["", "MiB/s", "× visible", "× bare", ...COMMON];
const DEAF = ["", "handed over", ...COMMON];

export function tablesOf(engine, cases) {
  const rows = summarize(cases);
  const groups = [...new Set(rows.map(({ group }) => group))];
  const parts = groups.map((group) => groupTable(group, rows.filter((row) => row.group === group)));
  if (rows.some(({ incomplete, group }) => incomplete && group.peer !== "deaf")) parts.push(INCOMPLETE);
  return [...parts, budgetTable(judge(engine, rows))].join("\n\n");
}

const INCOMPLETE = "† The time was up before all had arrived; the rate is of what was handed over.";

function groupTable(group, rows) {
  const columns = group.peer === "deaf" ? DEAF : group.hidden ? HIDDEN : TIMED;
  const cells = rows.map((row) => columns.map((column) => (row.rounds ? COLUMNS[column](row) : dash(column, row))));
  return `${headingOf(group)}:\n\n${table(columns, cells)}`;
}

function headingOf(group) {
  const looked = group.peer === "deaf" ? `, after ${group.limitSeconds} s` : "";
  return `${titleOf(group)}${looked}, medians of ${group.rounds}`;
}

// A row of which no round came to an end.
function dash(column, row) {
  return column === "" ? COLUMNS[column](row) : "–";
}

function budgetTable(budgets) {
  const cells = budgets.map(({ budget, measured, isHeld }) => [budget, measured, isHeld ? "held" : "**not held**"]);
  return `Budgets:\n\n${table(["budget", "measured", ""], cells)}`;
}

function table(columns, rows) {
  const rule = columns.map((_, index) => (index === 0 ? "---" : "--:"));
  return [columns, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

// The budgets of the gate, each with what was measured and whether it is held.

import { MIB, sizeText } from "./plan.js";
import { median } from "./summary.js";
import { bytesText, labels, ratiosText } from "./text.js";

const MARK = MIB;
const POLLS = { limit: 1_000, bytes: 48 * MIB };
const LEAST_OF_VISIBLE = 0.5;
const LEAST_OF_BARE = { chromium: 0.95, firefox: 0.8, webkit: 0.8 };

// What the rate is promised for; handlers are measured beside it.
const AWAITED = ["sink", "send"];
const LEAST_SIZE = 16 * 1024;

// Each as { budget, measured, isHeld }.
export function judge(engine, rows) {
  const gated = rows.filter(({ mode }) => mode !== "bare");
  const fast = gated.filter(({ group }) => group.peer === "fast" && group.size >= LEAST_SIZE);
  const visible = fast.filter(({ group }) => !group.hidden);
  const hidden = fast.filter(({ group }) => group.hidden);
  return [
    ...visible.filter(({ mode }) => AWAITED.includes(mode)).map((row) => judgeRate(row, LEAST_OF_BARE[engine])),
    ...hidden.map(judgeHidden),
    judgePeak(gated),
    judgePolls(visible),
  ];
}

function judgeRate(row, least) {
  const { mode, group, ratios } = row;
  return verdict([row], {
    budget: `${labels[mode]}, ${sizeText(group.size)}: ≥ ${least} × the bare object`,
    measured: `${ratiosText(ratios)} ×`,
    isHeld: ratios.length > 0 && median(ratios) >= least,
  });
}

function judgeHidden(row) {
  const { mode, group, ofVisible } = row;
  return verdict([row], {
    budget: `hidden, ${labels[mode]}, ${sizeText(group.size)}: ≥ ${LEAST_OF_VISIBLE} × visible`,
    measured: `${ofVisible.toFixed(2)} ×`,
    isHeld: ofVisible >= LEAST_OF_VISIBLE,
  });
}

function judgePeak(rows) {
  const excess = Math.max(...rows.map(({ group, peakBufferedAmount }) => peakBufferedAmount - MARK - group.size));
  return verdict(rows, {
    budget: "peak `bufferedAmount`, all gated cases: ≤ 1 MiB + one message",
    measured: excess > 0 ? `${bytesText(excess)} above it` : "within",
    isHeld: excess <= 0,
  });
}

function judgePolls(rows) {
  const most = Math.max(...rows.map(({ polls, group }) => (polls * POLLS.bytes) / group.bytes));
  return verdict(rows, {
    budget: "polls for 48 MiB to a fast peer, visible: < 1,000",
    measured: `at most ${Math.round(most)}`,
    isHeld: most < POLLS.limit,
  });
}

// Nothing is held of which a part could not be measured.
function verdict(rows, judged) {
  const isMeasured = rows.length > 0 && rows.every(({ rounds }) => rounds > 0);
  return isMeasured ? judged : { ...judged, measured: "–", isHeld: false };
}

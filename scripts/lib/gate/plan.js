// What the gate's benchmark sends, to whom, how and how often.

const KIB = 1024;
export const MIB = 1024 * KIB;

// The gated ones and, last, what they are compared with. In this order in every round.
export const MODES = ["sink", "send", "handlers", "bare"];

const SMALL = 64;
const SIZES = [SMALL, 16 * KIB, 256 * KIB];

// Small messages are bound by the CPU (2 to 8 MiB/s), so fewer of them are sent. A slow peer is sent more than the 4.2 MB
// that vanish below `bufferedAmount`, and reads slower than the CPU sends. The fast peer takes a quarter of a second, so
// there is time for more rounds.
export const FULL = {
  // Chromium throttles hidden pages harder after a minute.
  hiddenSeconds: 65,
  groups: planGroups({
    fast: (size) => (size === SMALL ? fast(size, { mib: 4, rounds: 5 }) : fast(size, { mib: 48, rounds: 15 })),
    slow: (size) => slow(size, size === SMALL ? { mib: 6, rate: 1.5, rounds: 5 } : { mib: 8, rate: 5, rounds: 5 }),
    deaf: (size) => deaf(size, size === SMALL ? { mib: 8, seconds: 3, rounds: 5 } : { mib: 48, seconds: 1, rounds: 5 }),
  }),
};

export const QUICK = {
  // Chromium throttles hidden pages after ten seconds.
  hiddenSeconds: 12,
  groups: planGroups({
    fast: (size) => fast(size, { mib: size === SMALL ? 1 : 16, rounds: 1 }),
    slow: (size) => slow(size, size === SMALL ? { mib: 2, rate: 1.5, rounds: 1 } : { mib: 6, rate: 6, rounds: 1 }),
    deaf: (size) => deaf(size, { mib: size === SMALL ? 2 : 16, seconds: 1, rounds: 1 }),
  }),
};

// The visible ones first, because a page is hidden once.
function planGroups({ fast, slow, deaf }) {
  return [...SIZES.map(fast), ...SIZES.map(slow), ...SIZES.map(deaf), ...SIZES.map(fast).map(hidden)];
}

function fast(size, { mib, rounds }) {
  return group({ peer: "fast", path: "/sink", size, mib, rounds, limitSeconds: 30 });
}

function slow(size, { mib, rate, rounds }) {
  return group({ peer: "slow", path: `/slow?rate=${rate * MIB}`, rate, size, mib, rounds, limitSeconds: 60 });
}

// What is looked at is how things stand after so many seconds.
function deaf(size, { mib, seconds, rounds }) {
  const path = `/deaf?seconds=${Math.ceil(seconds) + 2}`;
  return group({ peer: "deaf", path, size, mib, rounds, limitSeconds: seconds });
}

// With timers only, 48 MiB would take half a minute.
function hidden(visible) {
  return { ...visible, hidden: true, limitSeconds: 10 };
}

function group({ mib, ...rest }) {
  return { hidden: false, bytes: mib * MIB, count: (mib * MIB) / rest.size, ...rest };
}

export function titleOf({ peer, rate, size, bytes, hidden }) {
  const what = `${bytes / MIB} MiB in messages of ${sizeText(size)}`;
  const pace = rate ? ` (${rate} MiB/s)` : "";
  return `${what} to a ${peer} peer${pace}${hidden ? ", hidden" : ""}`;
}

export function sizeText(size) {
  return size < KIB ? `${size} B` : `${size / KIB} KiB`;
}

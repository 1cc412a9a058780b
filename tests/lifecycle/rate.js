// How fast a page sends, as the server sees it.

import { setTimeout as sleep } from "node:timers/promises";

const MIB = 1 << 20;

/** The rate at which the connection with the id `drain` sends, for so long. */
export async function measureWindow(tab, server, milliseconds) {
  const before = await look(tab, server);
  await sleep(milliseconds);
  const after = await look(tab, server);
  const seconds = (after.at - before.at) / 1_000;
  const rate = (after.bytes - before.bytes) / MIB / seconds;
  const polls = (after.polls - before.polls) / seconds;
  const toString = () =>
    `${rate.toFixed(1)} (${polls.toFixed(0)} polls/s, peak bufferedAmount ${after.peak} B)`;
  return { rate, toString };
}

async function look(tab, server) {
  const figures = await tab.call("figures");
  const [{ received }] = server.control.connections("drain");
  return { ...figures, bytes: received.bytes };
}

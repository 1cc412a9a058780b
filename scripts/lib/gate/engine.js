// Runs all cases in one browser.

import { setTimeout as sleep } from "node:timers/promises";

import { withTab } from "../rig/index.js";
import { step } from "../steps.js";
import { MODES, titleOf } from "./plan.js";

// Every case that was run, in the order in which it was: { engine, group, round, mode, figures | failure }.
export function runEngine(browser, plan, { page, peer }) {
  const { engine } = browser;
  return withTab(browser, `${page.url}/`, async (tab) => {
    // What comes first pays for what is compiled and started once, so that is not counted.
    const warmUp = plan.groups.find(({ size }) => size > 64);
    await step(`${engine}: warming up`, () => runRounds(tab, { ...warmUp, rounds: 2 }, peer));
    const cases = [];
    for (const [index, group] of plan.groups.entries()) {
      if (group.hidden && !plan.groups[index - 1].hidden) await hide(tab, plan.hiddenSeconds);
      const title = `${engine}, ${index + 1} of ${plan.groups.length}: ${titleOf(group)}`;
      const results = await step(title, () => runRounds(tab, group, peer));
      cases.push(...results.map((result) => ({ engine, group, ...result })));
    }
    return cases;
  });
}

async function hide(tab, seconds) {
  await tab.hide();
  await step(`waiting ${seconds} s, until the hidden page is throttled`, () => sleep(seconds * 1_000));
}

async function runRounds(tab, group, peer) {
  const results = [];
  for (let round = 0; round < group.rounds; round += 1) {
    for (const mode of MODES) {
      const { hidden, ...result } = await tab.call("runCase", caseOf(group, mode, peer));
      results.push({ round, mode, ...(hidden === group.hidden ? result : wasNot(group)) });
    }
  }
  return results;
}

function wasNot({ hidden }) {
  return { failure: `the page was not ${hidden ? "hidden" : "visible"}` };
}

function caseOf({ path, size, count, limitSeconds }, mode, peer) {
  return { mode, url: peer + path, size, count, limitMs: limitSeconds * 1_000 };
}

// The page's side: tells when the page is shown, hidden, frozen and restored, and answers what it is asked.
//
// The page waits by `fetch`, which goes on in hidden pages, where timers are throttled.

const board = `/control/board/${new URLSearchParams(location.search).get("tab")}`;

const functions = {
  goto: (url) => navigate(() => location.assign(url)),
  back: () => navigate(() => history.back()),
};

let haveOffered;
const offered = new Promise((resolve) => (haveOffered = resolve));

/** Tells something, for `tab.next(topic)`. Never rejects: it may be cut off when the page is left. */
export async function report(topic, value = null) {
  const body = JSON.stringify({ topic, value });
  await fetch(board, { method: "POST", body, keepalive: true }).catch(() => {});
}

/** Offers functions for `tab.call(name, ...args)`, which waits for them; their results are sent as JSON. */
export function answer(offered) {
  Object.assign(functions, offered);
  haveOffered();
}

// Each time that the page is shown anew it has a board of its own, so that it answers nothing twice.
async function listen(calls) {
  for (let count = 0; ; ) {
    const response = await fetch(`${calls}?from=${count}`, { cache: "no-store" });
    for (const { id, ...call } of await response.json()) {
      count += 1;
      const { leave, ...outcome } = await perform(call);
      await report("answer", { id, ...outcome });
      if (leave) return void leave();
    }
  }
}

async function perform({ name, args }) {
  if (!(name in functions)) await offered;
  try {
    const value = await functions[name](...args);
    return value?.leave ? value : { value };
  } catch (error) {
    return { error: `${error}\n${error?.stack ?? ""}` };
  }
}

// After the answer, and with no request under way, which could keep the page out of the page cache.
function navigate(leave) {
  return { leave };
}

const tellVisibility = () => report("visibility", document.visibilityState);

document.addEventListener("visibilitychange", tellVisibility);
document.addEventListener("freeze", () => report("freeze"));
document.addEventListener("resume", () => report("resume"));
addEventListener("error", ({ message }) => report("trouble", message));
addEventListener("unhandledrejection", ({ reason }) => report("trouble", String(reason)));
addEventListener("pageshow", ({ persisted }) => {
  const calls = `${board}.${Math.random().toString().slice(2)}`;
  tellVisibility();
  report("pageshow", { persisted, calls });
  // A request that is cut off by leaving ends the listening.
  listen(calls).catch(() => {});
});

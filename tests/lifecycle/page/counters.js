// Counts whatever wakes a page, calls made and callbacks run, if `?count` asks for it.
//
// Loaded first, before anybody can have kept the functions that it replaces.

const counts = {};

/** What was counted so far, by name. */
export function wakeups() {
  return { ...counts };
}

function count(name) {
  counts[name] = (counts[name] ?? 0) + 1;
}

// A function that takes the callback first.
function watch(owner, name) {
  const original = owner?.[name];
  if (!original) return;
  owner[name] = function (callback, ...rest) {
    count(name);
    return original.call(this, counted(callback, name), ...rest);
  };
}

function watchPosting(type) {
  const { postMessage } = type.prototype;
  type.prototype.postMessage = function (...args) {
    count(`${type.name}.postMessage`);
    return postMessage.apply(this, args);
  };
}

function watchHandler(type) {
  const { get, set } = Object.getOwnPropertyDescriptor(type.prototype, "onmessage");
  Object.defineProperty(type.prototype, "onmessage", {
    configurable: true,
    get,
    set(handler) {
      set.call(this, counted(handler, `${type.name}.onmessage`));
    },
  });
}

function watchWaiting() {
  const { waitAsync } = Atomics;
  if (!waitAsync) return;
  Atomics.waitAsync = (...args) => {
    count("waitAsync");
    const result = waitAsync(...args);
    if (result.async) result.value.then(() => count("waitAsync callback"));
    return result;
  };
}

function counted(callback, name) {
  if (typeof callback !== "function") return callback;
  return function (...args) {
    count(`${name} callback`);
    return callback.apply(this, args);
  };
}

function watchAll() {
  const timers = ["setTimeout", "setInterval", "queueMicrotask", "requestAnimationFrame", "requestIdleCallback"];
  timers.forEach((name) => watch(globalThis, name));
  watch(globalThis.scheduler, "postTask");
  for (const type of [MessagePort, Worker]) {
    watchPosting(type);
    watchHandler(type);
  }
  watchWaiting();
}

if (new URLSearchParams(location.search).has("count")) watchAll();

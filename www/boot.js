// Starts the page, or says in words why it cannot.

const missing = ["WebSocket", "WebAssembly"].filter((name) => !(name in globalThis));

try {
  if (missing.length > 0) throw new Error(`This browser has no ${missing.join(" and no ")}.`);
  const { default: start } = await import("/pkg/sluicegate_demo.js");
  await start();
  document.documentElement.dataset.state = "ready";
} catch (error) {
  const notice = document.getElementById("notice");
  notice.textContent = `The demo cannot run here. ${explain(error)}`;
  notice.hidden = false;
  document.documentElement.dataset.state = "failed";
}

function explain(error) {
  const { message } = Object(error);
  if (globalThis.WebAssembly && error instanceof WebAssembly.CompileError) {
    return `The page's policy or the browser forbids WebAssembly ('wasm-unsafe-eval' allows it): ${message}`;
  }
  return message ?? String(error);
}

// Says what is being done, why it may take long, and how long it took.

export async function step(name, action) {
  console.log(`→ ${name}`);
  const seconds = stopwatch();
  const result = await action();
  console.log(`  done in ${seconds()} s`);
  return result;
}

export function stopwatch() {
  const start = performance.now();
  return () => ((performance.now() - start) / 1_000).toFixed(1);
}

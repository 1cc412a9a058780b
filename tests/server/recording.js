// A bounded transcript of one connection, for tests that ask what really crossed the wire.

const MAX_MESSAGES = 10_000;
const MAX_BYTES = 1 << 20;

export function createRecording() {
  const messages = [];
  let bytes = 0;
  let truncated = false;

  return {
    add(direction, data, isBinary) {
      const size = Buffer.byteLength(data);
      truncated ||= messages.length >= MAX_MESSAGES || bytes + size > MAX_BYTES;
      if (truncated) return; // a gap in the middle would be worse than a missing end
      bytes += size;
      messages.push({ direction, at: Date.now(), ...describe(data, isBinary) });
    },
    read: () => ({ messages, truncated }),
  };
}

function describe(data, isBinary) {
  return isBinary ? { base64: Buffer.from(data).toString("base64") } : { text: data.toString() };
}

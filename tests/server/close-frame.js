// Close codes and reasons: what can be put on the wire, and the frames that `ws` refuses to write.

import { HttpError } from "./http.js";
import { readInteger } from "./target.js";

const MAX_REASON_BYTES = 123;

export function readCloseCode(text) {
  return readInteger("code", text, { min: 0, max: 65_535 });
}

export function readCloseReason(text) {
  if (Buffer.byteLength(text) <= MAX_REASON_BYTES) return text;
  throw new HttpError(400, `reason must be at most ${MAX_REASON_BYTES} bytes`);
}

/** Whether `ws` sends this code; RFC 6455 forbids or reserves the others. */
export function isOrdinaryCode(code) {
  const registered = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  return registered || (code >= 3000 && code <= 4999);
}

/** An unmasked Close frame with any code. */
export function closeFrame(code, reason) {
  const payload = Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
  return Buffer.concat([Buffer.of(0x88, payload.length), payload]);
}

/** The longest beginning of `text` that fits into a Close frame, cut between characters. */
export function cutReason(text) {
  let reason = "";
  for (const character of text) {
    if (Buffer.byteLength(reason + character) > MAX_REASON_BYTES) break;
    reason += character;
  }
  return reason;
}

// Takes a request target apart and reads validated parameters; whatever is malformed is a 400.

import { HttpError } from "./http.js";

/**
 * @param {string} target as in the request line, e.g. `/close/4001?reason=x`
 * @returns {{ path: string, segments: string[], query: URLSearchParams }} `segments` are decoded
 */
export function parseTarget(target) {
  if (!target.startsWith("/")) throw new HttpError(400, "the request target must begin with /");
  const [path, ...rest] = target.split("?");
  const query = rest.join("?");
  decode(query.replaceAll("+", " "), "query"); // URLSearchParams would quietly accept nonsense
  const segments = path.slice(1).split("/").map((segment) => decode(segment, "path"));
  return { path, segments, query: new URLSearchParams(query) };
}

export function readInteger(name, text, { min, max, fallback }) {
  if (text === null && fallback !== undefined) return fallback;
  const number = /^\d{1,15}$/.test(text ?? "") ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw new HttpError(400, `${name} must be an integer from ${min} to ${max}`);
}

export function readChoice(name, text, choices, fallback = choices[0]) {
  if (text === null) return fallback;
  if (choices.includes(text)) return text;
  throw new HttpError(400, `${name} must be one of: ${choices.join(", ")}`);
}

/** A short name for people and logs: letters, digits and `. _ : -`. */
export function readName(name, text, fallback) {
  if (text === null && fallback !== undefined) return fallback;
  if (/^[\w.:-]{1,64}$/.test(text ?? "")) return text;
  throw new HttpError(400, `${name} must be 1 to 64 letters, digits or . _ : -`);
}

function decode(text, where) {
  let decoded;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw new HttpError(400, `bad percent-encoding in the ${where}`);
  }
  if (where === "path" && /[\0-\x1f\x7f]/.test(decoded)) {
    throw new HttpError(400, "control characters in the path");
  }
  return decoded;
}

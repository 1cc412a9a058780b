// /chat: rooms with numbered messages, history, and no duplicates.

import { HttpError } from "../http.js";
import { readInteger, readName } from "../target.js";

const MAX_ROOMS = 100;
const MAX_MEMBERS = 200;
const MAX_HISTORY = 1000;
const MAX_ID_LENGTH = 128;
const MAX_TEXT_LENGTH = 4096;
const MAX_WAITING_BYTES = 16 << 20;

export function createChat() {
  const rooms = new Map(); // by name, the least recently joined first
  let guests = 0;

  return {
    pattern: "/chat",
    read({ query }) {
      const name = readName("room", query.get("room"), "lobby");
      const limits = { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 };
      const since = readInteger("since", query.get("since"), limits);
      if (rooms.get(name)?.members.size >= MAX_MEMBERS) throw new HttpError(503, "the room is full");
      if (!rooms.has(name)) makeSpace(rooms);
      return { name, since };
    },
    run(connection, { name, since }) {
      const room = rooms.get(name) ?? newRoom();
      rooms.delete(name);
      rooms.set(name, room);
      guests += 1;
      join(room, name, { connection, from: `guest-${guests}` }, since);
    },
  };
}

function newRoom() {
  return { seq: 0, history: [], seqById: new Map(), members: new Set() };
}

/** An empty room is forgotten when its place is needed. */
function makeSpace(rooms) {
  if (rooms.size < MAX_ROOMS) return;
  for (const [name, room] of rooms) {
    if (room.members.size > 0) continue;
    rooms.delete(name);
    return;
  }
  throw new HttpError(503, "too many rooms");
}

function join(room, name, member, since) {
  const { connection, from } = member;
  room.members.add(member);
  connection.sendJson({ type: "welcome", from, room: name, seq: room.seq, members: room.members.size });
  for (const message of room.history) if (message.seq > since) connection.sendJson(message);
  tellOthers(room, member, { type: "join", from, members: room.members.size });

  connection.onMessage((data, isBinary) => handleMessage(room, member, data, isBinary));
  connection.ended.addEventListener("abort", () => {
    room.members.delete(member);
    tellOthers(room, member, { type: "leave", from, members: room.members.size });
  });
}

function handleMessage(room, member, data, isBinary) {
  const { message, reason } = parse(data, isBinary);
  if (reason) {
    member.connection.sendJson({ type: "error", reason });
    return;
  }
  const { id, text } = message;
  if (!room.seqById.has(id)) {
    const posted = post(room, { id, from: member.from, text });
    tellOthers(room, member, posted);
  }
  member.connection.sendJson({ type: "ack", id, seq: room.seqById.get(id) });
}

function parse(data, isBinary) {
  if (isBinary) return { reason: "messages must be text" };
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    return { reason: "not valid JSON" };
  }
  if (!isTextWithin(message?.id, 1, MAX_ID_LENGTH)) {
    return { reason: `id must be a string of 1 to ${MAX_ID_LENGTH} characters` };
  }
  if (!isTextWithin(message.text, 0, MAX_TEXT_LENGTH)) {
    return { reason: `text must be a string of at most ${MAX_TEXT_LENGTH} characters` };
  }
  return { message };
}

function isTextWithin(value, min, max) {
  return typeof value === "string" && value.length >= min && value.length <= max;
}

function post(room, { id, from, text }) {
  room.seq += 1;
  const message = { type: "message", seq: room.seq, id, from, text, at: Date.now() };
  room.history.push(message);
  room.seqById.set(id, room.seq);
  if (room.history.length > MAX_HISTORY) room.seqById.delete(room.history.shift().id);
  return message;
}

function tellOthers(room, sender, message) {
  for (const member of room.members) {
    if (member === sender) continue;
    // Who does not read must not make the server remember everything for them.
    if (member.connection.bufferedAmount > MAX_WAITING_BYTES) member.connection.cut();
    else member.connection.sendJson(message);
  }
}

// Counts messages for /sink and /slow, and reports on request.

/** Counts every message but the two commands: `report` answers with the counts, `reset` clears them. */
export function tally(connection) {
  let counts = newCounts();
  connection.onMessage((data, isBinary) => {
    const command = isBinary ? "" : data.toString();
    if (command === "report") connection.sendJson(report(counts));
    else if (command === "reset") counts = newCounts();
    else count(counts, data, isBinary);
  });
}

function newCounts() {
  return { messages: 0, bytes: 0, text: 0, binary: 0, nextIndex: 0, firstOutOfOrder: null };
}

function count(counts, data, isBinary) {
  counts.messages += 1;
  counts.bytes += data.length;
  counts[isBinary ? "binary" : "text"] += 1;
  if (isBinary && data.length >= 4) checkOrder(counts, data.readUInt32LE(0));
}

function checkOrder(counts, index) {
  if (index !== counts.nextIndex) counts.firstOutOfOrder ??= index;
  counts.nextIndex = index + 1;
}

function report({ nextIndex, firstOutOfOrder, ...counts }) {
  return { ...counts, inOrder: firstOutOfOrder === null, firstOutOfOrder };
}

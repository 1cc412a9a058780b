// Stops with one sentence on a Node that is too old. Imported first, and written for old Nodes.

var required = 20;

if (Number(process.versions.node.split(".")[0]) < required) {
  console.error(
    "error: Node " + required + " or newer is needed, this is " + process.version + ": https://nodejs.org",
  );
  process.exit(1);
}

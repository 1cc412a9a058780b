// Does the published crate contain what it should, and nothing else?

import { read } from "../lib/commands.js";
import { Failure } from "../lib/failure.js";

export const needs = ["rust"];

const EXPECTED = [
  /^src\/(?!.*\btests\b).+\.rs$/,
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE-(APACHE|MIT)$/,
  /^Cargo\.(toml|toml\.orig|lock)$/,
  /^\.cargo_vcs_info\.json$/,
];

const REQUIRED = ["src/lib.rs", "README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "Cargo.toml"];

export async function test() {
  const list = await read("cargo", ["package", "--list", "--allow-dirty"]);
  const files = list
    .trim()
    .split(/\r?\n/)
    .map((path) => path.replaceAll("\\", "/"));
  console.log(files.join("\n"));
  const unexpected = files.filter((file) => !EXPECTED.some((pattern) => pattern.test(file)));
  const absent = REQUIRED.filter((file) => !files.includes(file));
  if (unexpected.length) throw new Failure(`the package would contain ${unexpected.join(", ")}`);
  if (absent.length) throw new Failure(`the package would lack ${absent.join(", ")}`);
}

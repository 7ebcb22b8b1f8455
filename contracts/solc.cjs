// The npm compiler `solc` (WebAssembly) with the two options of the native one that py-solc-x uses. The package's own
// `solcjs --standard-json` prints a stray line before the JSON. Sources come with the input: no file is read.
"use strict";

const fs = require("node:fs");
const solc = require("solc");

const options = process.argv.slice(2);
if (options.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (options.includes("--standard-json")) {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")) + "\n");
} else {
  process.stderr.write(`expected --standard-json or --version, found ${JSON.stringify(options)}\n`);
  process.exitCode = 2;
}

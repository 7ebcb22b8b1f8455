// Hardhat compiles the contract offline, with npm's own compiler, and runs the Solidity tests: npx hardhat test solidity
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);

// contracts/build.py reads the same file, so that both roads lead to the same bytes.
const settings = JSON.parse(readFileSync(new URL("contracts/settings.json", import.meta.url), "utf8"));

// A campaign asks for more cases; the seed stays, so that what it finds can be repeated.
const runs = Number(process.env.CERTLOG_SOLIDITY_RUNS ?? 64);

export default defineConfig({
  solidity: {
    version: "0.8.37",
    // Hardhat would download a compiler otherwise.
    path: require.resolve("solc/soljson.js"),
    settings,
  },
  paths: {
    sources: "contracts",
    tests: { solidity: "contracts/test" },
    cache: "cache/hardhat",
    artifacts: "cache/hardhat-artifacts",
  },
  test: {
    solidity: {
      // The same cases every time; a search for new ones is another thing than a test.
      fuzz: { runs, seed: "0x63657274" },
      invariant: { runs: Math.ceil((runs * 12) / 64), depth: 40, failOnRevert: true },
    },
  },
});

// Answers questions with OpenAttestation's own library: one JSON question a line in, one JSON answer a line out.
// wrap: documents -> wrapped documents of one batch; obfuscate: document, names -> document; verify: document -> bool.
const path = require("node:path");
const readline = require("node:readline");
const oa = require(path.join(process.argv[2], "node_modules", "@govtechsg", "open-attestation"));

const answers = {
  wrap: ({ documents }) => oa.wrapDocuments(documents),
  obfuscate: ({ document, names }) => oa.obfuscateDocument(document, names),
  verify: ({ document }) => {
    try {
      return oa.verifySignature(document);
    } catch {
      return false;
    }
  },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const question = JSON.parse(line);
  process.stdout.write(JSON.stringify(answers[question.kind](question)) + "\n");
});

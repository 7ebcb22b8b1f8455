"""The checks and the verdict: may a certificate be relied on, and if not, why not.

Offline first: `verifier.verify.verify` is pure. It does not read files, clocks or networks;
`verifier.chain_reader` and `verifier.inputs` do, and hand over plain data.
"""

"""Runs at the operator: admission, append, checkpoints, status lists, trust list and their storage.

The entries of the log are the only source of truth; every other table is a view that rebuild.py derives again.
It does not know that a chain exists, and it holds no issuer's and no operator's key.
"""

"""Measurements of the goals, run by `make bench`: ours, the limit of this machine in the same run, and the ratio.

No measurement passes or fails: machines differ, and a shared one lies. docs/speed.md tells how to read them.
"""

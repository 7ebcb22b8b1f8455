"""Formats and algorithms of Certlog: documents, signatures, the log's tree, checkpoints, evidence.

This package is pure: bytes and values in, bytes and values out. It opens no file or socket, reads no clock
or environment and draws no randomness. docs/formats.md is its specification.
"""

"""Checkpoints to a chain: a pure state machine, a store, a worker and one chain adapter.

Reading the store (store.py, batch.py, ports.py) imports no chain library: only chain.py imports web3.
"""

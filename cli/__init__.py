"""The `certlog` command: where adapters and use cases are joined, and errors become one clear line."""

"""The project's tests, one folder an area."""

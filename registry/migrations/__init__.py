"""Alembic's migrations of the registry database; run by registry/schema.py, never by hand."""

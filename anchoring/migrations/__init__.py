"""Migrations of anchoring's database; run by anchoring/database.py."""

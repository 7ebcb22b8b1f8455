"""The databases that Certlog keeps its tables in, SQLite and PostgreSQL: transactions and migrations, no table."""

"""The forward steps of the tables, run by Alembic. Owns nothing that the code imports."""

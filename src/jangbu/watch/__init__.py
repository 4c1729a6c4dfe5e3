"""Finds out what is wrong with a connection and says it: ladders of checks, diagnoses. Mends nothing by itself."""

"""Doors to the outside: settings, database, vault, texts, plug-ins. Owns no business words."""

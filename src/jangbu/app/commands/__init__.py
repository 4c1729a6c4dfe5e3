"""Commands by group: each reads its arguments, asks for one operation and shows the answer. Owns no operation."""

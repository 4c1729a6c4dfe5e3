"""Decisions about what to write where: the books of a cell, the law, the planner. Pure: no I/O, no clock."""

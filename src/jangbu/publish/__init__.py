"""Outbound: the one writer of remote state, its journal, its planner, its pumps."""

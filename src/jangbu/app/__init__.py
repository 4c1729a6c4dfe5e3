"""Shells only: all wiring, the running hub, its doors for people and programs."""

"""Emulators of the marketplaces for one machine; imports nothing of Jangbu outside this package."""

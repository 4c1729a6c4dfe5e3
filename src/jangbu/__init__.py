"""Jangbu: one stock book for shops on several marketplaces."""

__version__ = "0.1.0"

"""Etsy over its Open API v3. Owns everything that is Etsy's; knows nothing of the hub."""

from jangbu.channels.etsy.manifest import CHANNEL

__all__ = ["CHANNEL"]

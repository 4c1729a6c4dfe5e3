"""Naver SmartStore over the Naver Commerce API. Owns everything that is Naver's; knows nothing of the hub."""

from jangbu.channels.naver.manifest import CHANNEL

__all__ = ["CHANNEL"]

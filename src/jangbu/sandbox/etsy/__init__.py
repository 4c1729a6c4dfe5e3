"""The Etsy emulator: Open API v3 with one shop, its OAuth pages and its webhooks; knows no hub."""

from jangbu.sandbox.etsy.emulator import build

__all__ = ["build"]

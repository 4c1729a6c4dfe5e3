"""The Naver Commerce API of one SmartStore, emulated from the official description; knows no hub."""

from jangbu.sandbox.naver.emulator import build

__all__ = ["build"]

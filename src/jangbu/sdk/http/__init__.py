"""The network side of the SDK: the only door to the HTTP library. Owns no channel's rules."""

from jangbu.sdk.http.calls import CallRecord
from jangbu.sdk.http.client import HTTPClient
from jangbu.sdk.http.network import Bounds
from jangbu.sdk.http.pictures import PictureFetcher
from jangbu.sdk.http.wire import is_loopback

__all__ = ["Bounds", "CallRecord", "HTTPClient", "PictureFetcher", "is_loopback"]

"""Pictures are fetched from public addresses alone, within bounds, and without anything that is secret."""

from __future__ import annotations

import httpx2
import pytest

from jangbu.sdk.http import PictureFetcher
from jangbu.sdk.http.pictures import BYTES_MAX


def far_side(asked: list[httpx2.Request], content: bytes = b"picture", status: int = 200) -> httpx2.MockTransport:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(status, content=content)

    return httpx2.MockTransport(answer)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9101/pictures/a.png", "https://localhost/a.png", "https://[::1]/a.png", "https://10.0.0.7/a.png",
        "https://192.168.0.1/a.png", "https://169.254.169.254/latest/meta-data", "http://93.184.216.34/a.png",
        "ftp://93.184.216.34/a.png", "file:///etc/passwd", "https://user:word@93.184.216.34/a.png", "https://", "//x/y",
        "https://93.184.216.34:99999/a.png", "",
    ],
)  # fmt: skip
async def test_addresses_that_are_not_public_are_never_asked(address: str) -> None:
    asked: list[httpx2.Request] = []
    fetcher = PictureFetcher(local=False, transport=far_side(asked))
    assert await fetcher.get(address) is None
    assert asked == []
    await fetcher.aclose()


async def test_a_practice_marketplace_may_lie_on_this_machine() -> None:
    asked: list[httpx2.Request] = []
    fetcher = PictureFetcher(local=True, transport=far_side(asked))
    assert await fetcher.get("http://127.0.0.1:9101/pictures/a.png") == b"picture"
    assert await fetcher.get("https://10.0.0.7/a.png") is None
    assert [str(request.url) for request in asked] == ["http://127.0.0.1:9101/pictures/a.png"]
    assert not {"authorization", "cookie", "x-api-key"} & set(asked[0].headers)


@pytest.mark.parametrize(("content", "status"), [(b"x" * (BYTES_MAX + 1), 200), (b"no", 404), (b"", 302)])
async def test_too_large_missing_or_moved_is_none(content: bytes, status: int) -> None:
    fetcher = PictureFetcher(local=False, transport=far_side([], content, status))
    assert await fetcher.get("https://93.184.216.34/a.png") is None

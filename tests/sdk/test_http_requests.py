"""What leaves on the wire, and what is refused before it does."""

from __future__ import annotations

import pytest
from tests.sdk.samples import BASE, READ, WRITE, ok, shop
from tests.support.vtime import virtual

from jangbu.kernel.errors import ConfigError, InputError
from jangbu.sdk.client import Order, Request, Upload
from jangbu.sdk.http.wire import checked_base


@virtual
async def test_path_values_are_quoted_and_query_values_keep_their_meaning() -> None:
    made = shop(ok())
    query: dict[str, str | int | list[str]] = {
        "since": "2026-03-02T09:00:00+09:00",
        "limit": 100,
        "ids": ["a b", "c&d"],
    }
    await made.http.at(Order()).send(Request("getThing", path={"thing_id": "a/b?c"}, query=query))
    url = made.far.heard[0].url
    assert url.raw_path.startswith(b"/v1/things/a%2Fb%3Fc?")
    assert list(url.params.multi_items()) == [
        ("since", "2026-03-02T09:00:00+09:00"),
        ("limit", "100"),
        ("ids", "a b"),
        ("ids", "c&d"),
    ]


@virtual
async def test_a_json_body_is_sent_as_json() -> None:
    made = shop(ok())
    await made.http.at(Order()).send(WRITE)
    heard = made.far.heard[0]
    assert (heard.method, heard.headers["content-type"], heard.content) == (
        "PUT",
        "application/json",
        b'{"number":3}',
    )
    assert made.calls[0].sent_bytes == len(heard.content)


@virtual
async def test_a_form_body_is_sent_as_a_form() -> None:
    made = shop(ok())
    await made.http.at(Order()).send(Request("postForm", form={"title": "장부 & co", "n": "1,2"}))
    heard = made.far.heard[0]
    assert heard.headers["content-type"] == "application/x-www-form-urlencoded"
    assert heard.content == b"title=%EC%9E%A5%EB%B6%80+%26+co&n=1%2C2"


@virtual
async def test_files_go_as_multipart_with_their_fields() -> None:
    made = shop(ok())
    files = {"image": Upload("a.png", b"\x89PNG", "image/png")}
    await made.http.at(Order()).send(Request("postImage", form={"rank": "1"}, files=files))
    heard = made.far.heard[0]
    assert heard.headers["content-type"].startswith("multipart/form-data; boundary=")
    for part in (b'name="rank"', b'filename="a.png"', b"image/png", b"\x89PNG"):
        assert part in heard.content


@virtual
async def test_headers_of_a_request_are_added_and_gzip_is_asked_for() -> None:
    made = shop(ok())
    await made.http.at(Order()).send(Request("getThing", path={"thing_id": "1"}, headers={"x-extra": "yes"}))
    headers = made.far.heard[0].headers
    assert headers["x-extra"] == "yes"
    assert headers["accept-encoding"] == "gzip"
    assert "python" not in headers["user-agent"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Request("noSuchOperation"), "input.operation"),
        (Request("getThing"), "input.path"),
        (Request("getThing", path={"thing_id": ".."}), "input.path"),
        (Request("getThing", path={"thing_id": "1"}, json={}), "input.encoding"),
        (Request("putNumber", path={"thing_id": "1"}), "input.encoding"),
        (Request("putNumber", path={"thing_id": "1"}, form={"a": "b"}), "input.encoding"),
        (Request("postForm", form={}, json={}), "input.encoding"),
        (Request("postImage"), "input.encoding"),
    ],
)
def test_a_request_that_does_not_fit_its_operation_is_refused_and_not_sent(request_: Request, code: str) -> None:
    @virtual
    async def check() -> None:
        made = shop(ok())
        with pytest.raises(InputError) as refusal:
            await made.http.at(Order()).send(request_)
        assert refusal.value.code == code
        assert made.far.heard == []
        assert made.calls == []

    check()


@pytest.mark.parametrize(
    "address",
    [
        "http://api.sample.example",
        "http://10.0.0.1",
        "ftp://api.sample.example",
        "api.sample.example",
        "https://user:word@api.sample.example",
        "https://api.sample.example/v3",
        "https://api.sample.example?x=1",
    ],
)
def test_only_https_or_http_to_this_machine_is_an_address(address: str) -> None:
    with pytest.raises(ConfigError):
        checked_base(address)


@pytest.mark.parametrize(
    "address",
    ["https://api.sample.example/", "http://127.0.0.1:9101", "http://localhost:9", "http://[::1]:9"],
)
def test_https_and_loopback_addresses_are_taken(address: str) -> None:
    assert checked_base(address) == address.rstrip("/")


@virtual
async def test_requests_and_clients_show_nothing_of_their_contents() -> None:
    secret = Request("postForm", form={"client_secret_sign": "hush"}, headers={"x-api-key": "hush"})
    made = shop(ok())
    await made.http.at(Order()).send(READ)
    assert "hush" not in repr(secret)
    assert BASE not in repr(made.calls[0])

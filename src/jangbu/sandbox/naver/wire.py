"""How answers are written: Korean date-times and the error bodies of each family; no rule of the shop."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

KST = timezone(timedelta(hours=9))
Family = Literal["gateway", "product", "orders", "seller"]

_LENIENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_STRICT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+09:00")


def stamp(ms: int) -> str:
    """The moment as `yyyy-MM-dd'T'HH:mm:ss.SSS+09:00`.

    Units: milliseconds since the epoch.
    """
    moment = datetime.fromtimestamp(ms // 1000, KST) + timedelta(milliseconds=ms % 1000)
    return moment.isoformat(timespec="milliseconds")


def read_stamp(text: str, *, strict: bool) -> int | None:
    """The moment in milliseconds, None where the text is no date-time with an offset.

    A `+` that was not percent-encoded arrives as a space and is refused, as on the live wire.
    """
    if not (_STRICT if strict else _LENIENT).fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def day_of(ms: int) -> str:
    """The Korean calendar day, `yyyy-MM-dd`."""
    return stamp(ms)[:10]


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 (it is an answer, not a failure of ours)
    """A request answered with an error body of its family."""

    status: int
    code: str
    message: str
    family: Family = "gateway"
    inputs: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def words(self, now: int, trace: str) -> dict[str, object]:
        """The error body; product errors carry no trace.

        Source: facts/naver.md 5.1.
        """
        answer: dict[str, object] = {"code": self.code, "message": self.message, "timestamp": stamp(now)}
        if self.family != "product":
            answer["traceId"] = trace
        if self.inputs:
            answer["invalidInputs"] = self.inputs
        return answer


def bad_product(name: str, kind: str, message: str) -> Refusal:
    """400 of the product family, which the token endpoint shares, naming one field."""
    inputs = [{"name": name, "type": kind, "message": message}]
    return Refusal(400, "BAD_REQUEST", message, "product", inputs)


def no_product() -> Refusal:
    """404 of the product family: the path is known, the thing is not."""
    return Refusal(404, "NOT_FOUND", "데이터가 없습니다.", "product")


def bad_order(name: str, kind: str = "TypeMismatch") -> Refusal:
    """400 of the order family for a parameter; the message reads type.object.field."""
    return Refusal(400, "4000", f"{kind}.request.{name}", "orders")


def no_route(method: str, path: str) -> Refusal:
    """404 of the gateway; the sandbox adds which call it does not serve."""
    return Refusal(404, "GW.NOT_FOUND", f"요청한 API를 찾을 수 없습니다. ({method} {path})")


def unauthorised() -> Refusal:
    """401 of the gateway: token bad or expired, API group missing or application dormant."""
    return Refusal(401, "GW.AUTHN", "요청을 보낼 권한이 없습니다.")


def address_refused() -> Refusal:
    """403 of the gateway: the caller's address is not registered."""
    return Refusal(403, "GW.IP_NOT_ALLOWED", "호출이 허용되지 않은 IP입니다.")


def too_fast() -> Refusal:
    """429 of the gateway: the bucket of this operation is empty."""
    return Refusal(429, "GW.RATE_LIMIT", "요청이 많아 서비스를 일시적으로 사용할 수 없습니다.")


def over_quota(limit: int) -> Refusal:
    """429 of the gateway with the quota headers of the token penalty."""
    headers = {
        "GNCP-GW-Quota-Period": "HOURS",
        "GNCP-GW-Quota-Limit": str(limit),
        "GNCP-GW-Quota-Remaining": "0",
    }
    return Refusal(429, "GW.QUOTA_LIMIT", "할당된 시간당 요청량을 초과하였습니다.", headers=headers)


def broken(status: int) -> Refusal:
    """What gateway or back end answer when something inside them fails."""
    code, message = _BROKEN.get(status, ("INTERNAL_SERVER_ERROR", "내부 서버 오류"))
    return Refusal(status, code, message)


_BROKEN = {
    500: ("GW.PROXY.04", "연결 시간 초과"),
    503: ("GW.BLOCK.02", "서비스 점검 중입니다."),
    504: ("GW.TIMEOUT.01", "응답 시간 초과"),
}

"""Owns the reading and checking of an inventory PUT; it does not write.

Source: the request schema of updateListingInventory; developers.etsy.com/documentation/tutorials/listings.
"""

from typing import Any, Final, NoReturn

from jangbu.sandbox.etsy.asking import RefusedError
from jangbu.sandbox.etsy.model import Drivers, Product, PropertyValue, agree
from jangbu.sandbox.etsy.seed import READINESS_MADE, READINESS_READY

_TOP: Final = {
    "products", "price_on_property", "quantity_on_property", "sku_on_property", "readiness_state_on_property",
}  # fmt: skip
_PRODUCT: Final = {"sku", "property_values", "offerings"}
_OFFERING: Final = {"price", "quantity", "is_enabled", "readiness_state_id"}
_VALUE: Final = {"property_id", "value_ids", "scale_id", "property_name", "values"}
_MOST: Final = 999
_MOST_VALUES: Final = 70
_CHEAPEST, _DEAREST = 0.20, 50_000
_PROFILES: Final = {READINESS_READY, READINESS_MADE}


def read(body: dict[str, Any] | None, *, strict: bool, variations: int) -> tuple[tuple[Product, ...], Drivers]:
    """The products (ids still 0) and drivers of a body.

    Errors: RefusedError with 400 for whatever Etsy refuses; nothing is changed then.
    """
    if body is None or "products" not in body:
        raise RefusedError(400, "Missing input parameter: [products]")
    _keys("", body, _TOP, {"products"})
    raw = _items("/products", body["products"])
    if not raw:
        raise RefusedError(400, "Missing input parameter: [products]")
    products = tuple(_product(f"/products/{place}", each, strict=strict) for place, each in enumerate(raw))
    drivers = Drivers(
        *(_driving(body, f"{name}_on_property") for name in ("price", "quantity", "sku", "readiness_state"))
    )
    _check_variations(products, variations)
    _check_drivers(products, drivers)
    if not any(each.quantity > 0 and each.is_enabled for each in products):
        raise RefusedError(400, "One offering must have quantity greater than 0")
    return products, drivers


def _product(path: str, raw: Any, *, strict: bool) -> Product:  # noqa: ANN401 -- any JSON
    _keys(path, raw, _PRODUCT, {"offerings"})
    offerings = _items(f"{path}/offerings", raw["offerings"])
    if len(offerings) != 1:
        _refuse(f"{path}/offerings", "must hold exactly one offering")
    offering = offerings[0]
    at = f"{path}/offerings/0"
    _keys(at, offering, _OFFERING, _OFFERING)
    sku = raw.get("sku")
    if sku is not None and not isinstance(sku, str):
        _refuse(f"{path}/sku", "must be a string")
    return Product(
        product_id=0,
        offering_id=0,
        sku=sku or "",
        quantity=_quantity(f"{at}/quantity", offering["quantity"]),
        price=_price(f"{at}/price", offering["price"]),
        is_enabled=_enabled(f"{at}/is_enabled", offering["is_enabled"]),
        readiness_state_id=_readiness(f"{at}/readiness_state_id", offering["readiness_state_id"], strict=strict),
        property_values=tuple(
            _property_value(f"{path}/property_values/{place}", each)
            for place, each in enumerate(_items(f"{path}/property_values", raw.get("property_values", [])))
        ),
    )


def _property_value(path: str, raw: Any) -> PropertyValue:  # noqa: ANN401 -- any JSON
    _keys(path, raw, _VALUE, {"property_id", "value_ids", "values"})
    values = _items(f"{path}/values", raw["values"])
    value_ids = _items(f"{path}/value_ids", raw["value_ids"])
    if not _is_id(raw["property_id"]) or not all(_is_id(each) for each in value_ids):
        _refuse(path, "ids must be positive integers")
    if not values or not all(isinstance(each, str) and each for each in values):
        _refuse(f"{path}/values", "can't be empty")
    if any("(" in each or ")" in each for each in values):
        _refuse(f"{path}/values", "parentheses are not allowed")
    name, scale = raw.get("property_name"), raw.get("scale_id")
    if (name is not None and not isinstance(name, str)) or (scale is not None and not _is_id(scale)):
        _refuse(path, "property_name must be a string and scale_id an id or null")
    return PropertyValue(raw["property_id"], name, scale, tuple(value_ids), tuple(values))


def _quantity(path: str, raw: Any) -> int:  # noqa: ANN401 -- any JSON
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 0:
        _refuse(path, "must be an integer of at least 0")
    if raw > _MOST:
        _refuse(path, f"cannot be greater than {_MOST}")
    return int(raw)


def _price(path: str, raw: Any) -> int:  # noqa: ANN401 -- any JSON
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        _refuse(path, "must be a decimal number")
    if raw < _CHEAPEST:
        _refuse(path, "must be above min price")
    if raw > _DEAREST:
        _refuse(path, f"cannot be greater than {_DEAREST}")
    return round(raw * 100)


def _enabled(path: str, raw: Any) -> bool:  # noqa: ANN401 -- any JSON
    if not isinstance(raw, bool):
        _refuse(path, "must be true or false")
    return raw


def _readiness(path: str, raw: Any, *, strict: bool) -> int | None:  # noqa: ANN401 -- any JSON
    if raw is None and not strict:
        return None
    if not _is_id(raw) or raw not in _PROFILES:
        _refuse(path, "must be a processing profile of the shop")
    return int(raw)


def _driving(body: dict[str, Any], name: str) -> tuple[int, ...]:
    ids = _items(f"/{name}", body.get(name) or [])
    if not all(_is_id(each) for each in ids):
        _refuse(f"/{name}", "must hold property ids")
    return tuple(dict.fromkeys(ids))


def _check_variations(products: tuple[Product, ...], most: int) -> None:
    shapes = {tuple(value.property_id for value in each.property_values) for each in products}
    if len(shapes) != 1:
        _refuse("/products", "must all have the same properties")
    (properties,) = shapes
    if len(set(properties)) != len(properties):
        _refuse("/products", "must not repeat a property")
    if len(properties) > most:
        raise RefusedError(
            400,
            "Could not update inventory with unsupported number of variations. "
            f"The maximum number of supported variations is {most}.",
        )
    if len({each.key for each in products}) != len(products):
        _refuse("/products", "must differ in their property values")
    for place in range(len(properties)):
        if len({each.property_values[place].values for each in products}) > _MOST_VALUES:
            _refuse("/values", f"cannot be more than {_MOST_VALUES} items")


def _check_drivers(products: tuple[Product, ...], drivers: Drivers) -> None:
    properties = {each.property_id for each in products[0].property_values}
    for name, by in (
        ("price", drivers.price),
        ("quantity", drivers.quantity),
        ("sku", drivers.sku),
        ("readiness_state", drivers.readiness),
    ):
        field = "readiness_state_id" if name == "readiness_state" else name
        if not set(by) <= properties:
            _refuse(f"/{name}_on_property", "names a property the products do not have")
        if len(properties) > 2 and len(by) == 2:  # noqa: PLR2004 -- of three properties none, one or all
            _refuse(f"/{name}_on_property", "may hold none, one or all three properties")
        if not agree(products, by, lambda each, field=field: getattr(each, field)):  # type: ignore[misc]
            _refuse(f"/{name}_on_property", f"{name} differs between products that share these properties")


def _keys(path: str, raw: Any, allowed: set[str], required: set[str]) -> None:  # noqa: ANN401 -- any JSON
    if not isinstance(raw, dict):
        _refuse(path or "/", "must be an object")
    if set(raw) - allowed:
        _refuse(path or "/", f"unknown or read-only: {', '.join(sorted(set(raw) - allowed))}")
    if required - set(raw):
        _refuse(path or "/", f"missing: {', '.join(sorted(required - set(raw)))}")


def _items(path: str, raw: Any) -> list[Any]:  # noqa: ANN401 -- any JSON
    if not isinstance(raw, list):
        _refuse(path, "must be an array")
    return raw


def _is_id(raw: Any) -> bool:  # noqa: ANN401 -- any JSON
    return isinstance(raw, int) and not isinstance(raw, bool) and raw > 0


def _refuse(path: str, problem: str) -> NoReturn:
    raise RefusedError(400, f"There was a problem with {path} : {problem}")

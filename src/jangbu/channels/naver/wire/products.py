"""Wire types of product search and product read. Owns no meaning."""

from __future__ import annotations

from jangbu.channels.naver.wire.base import Id, Wire


class ChannelProduct(Wire, frozen=True):
    """One row of the product search: a product as one shop window shows it."""

    channel_product_no: Id | None = None
    channel_service_type: str | None = None
    name: str | None = None
    seller_management_code: str | None = None
    status_type: str | None = None
    channel_product_display_status_type: str | None = None
    sale_price: int | None = None
    stock_quantity: int | None = None
    delivery_attribute_type: str | None = None


class FoundProduct(Wire, frozen=True):
    """One origin product of the product search."""

    origin_product_no: Id
    channel_products: list[ChannelProduct] | None = None


class ProductPage(Wire, frozen=True):
    """One page of the product search."""

    contents: list[FoundProduct] | None = None
    total_pages: int | None = None
    total_elements: int | None = None
    last: bool | None = None


class OptionRow(Wire, frozen=True):
    """One option combination (조합형) or standard option (표준형)."""

    id: Id | None = None
    option_name1: str | None = None
    option_name2: str | None = None
    option_name3: str | None = None
    option_name4: str | None = None
    stock_quantity: int | None = None
    price: int | None = None
    seller_manager_code: str | None = None
    usable: bool | None = None
    sku_yn: bool | None = None


class OptionGroupNames(Wire, frozen=True):
    """What the groups of option combinations are called."""

    option_group_name1: str | None = None
    option_group_name2: str | None = None
    option_group_name3: str | None = None
    option_group_name4: str | None = None


class StandardGroup(Wire, frozen=True):
    """What one group of standard options is called."""

    group_name: str | None = None


class OptionInfo(Wire, frozen=True):
    """The options of a product."""

    option_combination_group_names: OptionGroupNames | None = None
    option_combinations: list[OptionRow] | None = None
    standard_option_groups: list[StandardGroup] | None = None
    option_standards: list[OptionRow] | None = None
    use_stock_management: bool | None = None


class SellerCodes(Wire, frozen=True):
    """The seller's own codes of a product."""

    seller_management_code: str | None = None


class DetailAttribute(Wire, frozen=True):
    """The part of a product that holds options and codes."""

    seller_code_info: SellerCodes | None = None
    sku_yn: bool | None = None
    option_info: OptionInfo | None = None


class DeliveryInfo(Wire, frozen=True):
    """How a product is delivered."""

    delivery_attribute_type: str | None = None


class Image(Wire, frozen=True):
    """One picture."""

    url: str | None = None


class Images(Wire, frozen=True):
    """The pictures of a product."""

    representative_image: Image | None = None
    optional_images: list[Image] | None = None


class OriginProduct(Wire, frozen=True):
    """A product: name, price, number, options."""

    sale_price: int
    status_type: str | None = None
    name: str | None = None
    stock_quantity: int | None = None
    delivery_info: DeliveryInfo | None = None
    detail_attribute: DetailAttribute | None = None
    images: Images | None = None


class ProductRead(Wire, frozen=True):
    """The answer of reading one origin product; the number that names it is not in it."""

    origin_product: OriginProduct

"""The hub's own words for parcel carriers; each channel maps them to its codes. Data only."""

from __future__ import annotations

from typing import Final

CARRIERS: Final = {
    "cj": "CJ대한통운",
    "hanjin": "한진택배",
    "lotte": "롯데택배",
    "logen": "로젠택배",
    "epost": "우체국택배",
    "kpost_ems": "EMS (Korea Post)",
    "kpost_registered": "Korea Post registered mail",
    "dhl": "DHL Express",
    "fedex": "FedEx",
    "ups": "UPS",
    "usps": "USPS",
    "tnt": "TNT",
    "japan_post": "Japan Post",
    "yamato": "Yamato",
    "sagawa": "Sagawa",
    "royal_mail": "Royal Mail",
    "canada_post": "Canada Post",
    "australia_post": "Australia Post",
    "sf_express": "SF Express",
    "other": "other",
}

"""The door to texts for people: sentences by code; numbers, money, moments. Owns no decision what to say."""

from jangbu.infra.i18n.catalogue import LANGUAGES, Catalogue, catalogue
from jangbu.infra.i18n.formats import currency_name, day_name, money, number, when, zone_name
from jangbu.infra.i18n.sentences import Fault, fault, happened, word

__all__ = [
    "LANGUAGES",
    "Catalogue",
    "Fault",
    "catalogue",
    "currency_name",
    "day_name",
    "fault",
    "happened",
    "money",
    "number",
    "when",
    "word",
    "zone_name",
]

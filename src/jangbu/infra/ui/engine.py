"""Renders templates; the only importer of the template engine. Owns no words and no data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jangbu.infra.ui.assets import assets

_FOLDER: Final = Path(__file__).parent / "templates"


def render(template: str, **values: object) -> str:
    """Render a template; every value is escaped, and one that was not given is an error of ours."""
    return _environment().get_template(template).render(values)


def has_template(template: str) -> bool:
    """Tell whether there is a template of this name."""
    return template in _environment().list_templates()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["asset"] = lambda name: assets()[name].url
    return environment

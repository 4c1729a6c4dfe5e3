"""The door to pages: templates, static files, HTTP statuses of errors. Owns no words and no data."""

from jangbu.infra.ui.assets import Asset, assets
from jangbu.infra.ui.engine import has_template, render
from jangbu.infra.ui.statuses import status_of

__all__ = ["Asset", "assets", "has_template", "render", "status_of"]

"""The web shell: marketplaces' deliveries, the CLI's door, the page. Owns no use case."""

from jangbu.app.web.shell import create_app

__all__ = ["create_app"]

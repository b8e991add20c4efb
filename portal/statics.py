"""Static files by content: every file has its digest in its name, module imports included, and is compressed beforehand."""

from typing import Any

from servestatic.asgi import ServeStaticASGI
from servestatic.middleware import ServeStaticMiddleware
from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # servestatic has no type information
    """Our own scripts import each other by relative names; these follow the digests, so that no new script meets an old one in a cache.

    Django's switch for this would rewrite other people's scripts, too, and stumble over imports in their comments.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )


class Files(ServeStaticMiddleware):  # type: ignore[misc]
    """Those of Django's settings, found as ServeStatic's middleware finds them, and served before any page as its ASGI application serves them."""

    def __init__(self, application: Any) -> None:
        super().__init__(_no_page)
        self.application = application

    __call__ = ServeStaticASGI.__call__

    def add_mime_headers(self, headers: Any, path: str, url: str) -> None:
        super().add_mime_headers(headers, path, url)
        headers["X-Content-Type-Options"] = "nosniff"  # as SecurityMiddleware gives pages


async def _no_page(_: Any) -> Any:
    """What the middleware would ask next. It wants one, and never asks it, because its place to answer is taken above."""
    raise NotImplementedError

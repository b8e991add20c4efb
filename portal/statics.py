"""Static files by content: every file has its digest in its name, module imports included, and is compressed beforehand."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # servestatic has no type information
    """Our own scripts import each other by relative names; these follow the digests, so that no new script meets an old one in a cache.

    Django's switch for this would rewrite other people's scripts, too, and stumble over imports in their comments.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )

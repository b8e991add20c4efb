"""Static files by content: every file has its digest in its name, module imports included, and is compressed beforehand."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # servestatic has no type information
    support_js_module_import_aggregation = True
    """Scripts import each other by relative names; without this a new script could meet an old one in a cache."""

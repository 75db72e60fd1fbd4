"""Where static files are collected."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names files by their content, and renames what JavaScript modules import along with them.

    Without the latter a page's scripts could be of two releases at once.
    """

    support_js_module_import_aggregation = True

"""The product's settings, with the form's URL before the others."""

from config.settings import *  # noqa: F403 - this is them
from config.settings import BASE_DIR, TEMPLATES

ROOT_URLCONF = "tests.e2e.form_site.urls"
GUARDS = "tests.e2e.form_site.urls.RULES"
TEMPLATES = [{**TEMPLATES[0], "DIRS": [BASE_DIR / "templates", BASE_DIR / "tests/e2e/form_site/templates"]}]

"""The product's settings, with the view's URL before the others."""

from config.settings import *  # noqa: F403 - this is them

ROOT_URLCONF = "devstack.bench_site.urls"
GUARDS = "devstack.bench_site.urls.RULES"

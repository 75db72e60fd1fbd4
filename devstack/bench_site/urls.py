"""The product's URLs and guard table, and the view's."""

from django.urls import include, path

from accounts.enums import Audience
from accounts.guards import Rule
from config import urls as product
from config.guards import RULES as PRODUCT_RULES
from config.urls import handler400, handler403, handler404, handler500
from devstack.bench_site.views import InsertView

__all__ = ["handler400", "handler403", "handler404", "handler500"]

RULES = {**PRODUCT_RULES, "bench-site": Rule(Audience.PUBLIC)}
_urls = [path("insert/", InsertView.as_view(), name="insert")]
urlpatterns = [path("bench/", include((_urls, "bench-site"))), *product.urlpatterns]

"""The product's URLs and guard table, and the form's."""

from django.urls import include, path

from accounts.enums import Audience, Failure
from accounts.guards import Rule
from config import urls as product
from config.guards import RULES as PRODUCT_RULES
from config.urls import handler400, handler403, handler404, handler500
from tests.e2e.form_site.views import DetailsView

__all__ = ["handler400", "handler403", "handler404", "handler500"]

RULES = {**PRODUCT_RULES, "form-site": Rule(Audience.TENANT, Failure.CLOSED)}
_form_urls = [path("details/", DetailsView.as_view(), name="details")]
urlpatterns = [path("admin/<slug:slug>/", include((_form_urls, "form-site"))), *product.urlpatterns]

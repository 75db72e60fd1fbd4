"""URLs of the partner portal."""

from django.urls import path

from partner.views import CustomersView, CustomerView

app_name = "partner"
urlpatterns = [
    path("", CustomersView.as_view(), name="customers"),
    path("customers/<slug:slug>/", CustomerView.as_view(), name="customer"),
]

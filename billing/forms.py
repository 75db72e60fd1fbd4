"""Forms of billing."""

from django import forms


class PaymentMethodForm(forms.Form):
    """The card that Stripe has set up; its id alone comes here."""

    payment_method = forms.RegexField(regex=r"^pm_[A-Za-z0-9]{1,120}\Z", max_length=128)

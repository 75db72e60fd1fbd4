"""Charges as the API shows them."""

from __future__ import annotations

from devstack.payments.objects import Object, new_id
from devstack.payments.test_cards import Decline

_RISK_SCORE = 20
_KEPT = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status", "wallet")


def build(intent: Object, method: Object, decline: Decline | None, now: int, base_url: str) -> Object:
    """Return the charge of an intent to a payment method, made `now` in Unix seconds; a decline has failed."""
    identifier = new_id("ch", 24)
    return {
        "id": identifier,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if decline else intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "DEZKY",
        "captured": decline is None,
        "created": now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": _outcome(decline),
        "paid": decline is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": _details(method["card"], intent["amount"]), "type": "card"},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None if decline else f"{base_url}/_receipt/{identifier}",
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "failed" if decline else "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(decline: Decline | None) -> Object:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": (decline.decline_code or None) if decline else None,
        "risk_level": "normal",
        "risk_score": _RISK_SCORE,
        "seller_message": "The bank did not return any further details with this decline."
        if decline
        else "Payment complete.",
        "type": "issuer_declined" if decline else "authorized",
    }


def _details(card: Object, amount: int) -> Object:
    checks = {**card["checks"], "cvc_check": None}
    return {
        **{name: card[name] for name in _KEPT},
        "amount_authorized": amount,
        "authorization_code": None,
        "checks": checks,
        "installments": None,
        "mandate": None,
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "three_d_secure": None,
    }

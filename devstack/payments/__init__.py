"""A small stand-in for Stripe: the part of its API that Dezky uses, with state in PostgreSQL."""

API_VERSION = "2026-08-26.dahlia"

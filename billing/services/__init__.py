"""Writes of billing, one subject a file. None holds a transaction open while Stripe is asked."""

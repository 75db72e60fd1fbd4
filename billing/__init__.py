"""What concerns Stripe."""

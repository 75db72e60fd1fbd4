"""The only calls to Stripe: `reads` and `writes`, over one `transport`."""

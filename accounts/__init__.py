"""People, sign-in, sessions and guards."""

"""The stand-ins behave as the services they stand in for were measured to behave."""

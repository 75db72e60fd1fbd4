"""Words of the partner app."""

from django.db.models import TextChoices


class StaffRole(TextChoices):
    """What somebody may do at a partner: an admin sees all customers, an agent those assigned."""

    ADMIN = "admin", "Admin"
    AGENT = "agent", "Agent"

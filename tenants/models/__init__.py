"""Models of the tenants app, one file each."""

from tenants.models.audit_event import AuditEvent, AuditHead
from tenants.models.delegated_access import DelegatedAccess
from tenants.models.membership import Membership
from tenants.models.tenant import Tenant

__all__ = ["AuditEvent", "AuditHead", "DelegatedAccess", "Membership", "Tenant"]

"""Words of the tenants app: roles, statuses, permissions, audit actions."""

from __future__ import annotations

from django.db.models import TextChoices


class TenantStatus(TextChoices):
    """Where a workspace stands."""

    TRIAL = "trial", "Trial"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"


class Plan(TextChoices):
    """What a workspace has bought."""

    STARTER = "starter", "Starter"
    BUSINESS = "business", "Business"
    ENTERPRISE = "enterprise", "Enterprise"


class MembershipRole(TextChoices):
    """What a person may do in a workspace."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"


ADMIN_ROLES = frozenset({MembershipRole.OWNER, MembershipRole.ADMIN})


class MembershipSource(TextChoices):
    """Where a membership comes from; only the directory may take a directory's away."""

    INVITED = "invited", "Invited"
    DIRECTORY = "directory", "Directory"


class Permission(TextChoices):
    """What a tenant delegates to a partner, and a key may carry: `noun:verb`."""

    PEOPLE_READ = "people:read", "See people"
    PEOPLE_WRITE = "people:write", "Change people"
    BILLING_READ = "billing:read", "See billing"
    BILLING_WRITE = "billing:write", "Change billing"
    BRANDING_READ = "branding:read", "See branding"
    BRANDING_WRITE = "branding:write", "Change branding"
    AUDIT_READ = "audit:read", "See the audit log"
    SERVICE_ACCOUNTS_READ = "service_accounts:read", "See service accounts"
    SERVICE_ACCOUNTS_WRITE = "service_accounts:write", "Change service accounts"


class ActorType(TextChoices):
    """What kind of actor did something."""

    PERSON = "person", "Person"
    PARTNER = "partner", "Partner"
    OPERATOR = "operator", "Operator"
    SUPPORT = "support", "Support"
    SYSTEM = "system", "System"


class Outcome(TextChoices):
    """How what somebody tried ended."""

    SUCCESS = "success", "Done"
    DENIED = "denied", "Blocked"
    FAILURE = "failure", "Failed"


class AuditAction(TextChoices):
    """What can happen: `noun:thing:verb`, with the words a log line uses for it."""

    SESSION_START = "session:browser:start", "signed in"
    SESSION_END = "session:browser:end", "signed out"
    ACCESS_REFUSE = "access:page:refuse", "was refused a page"
    PERSON_ADD = "people:member:add", "added a person"
    PERSON_ROLE = "people:role:change", "changed a role"
    PERSON_REMOVE = "people:member:remove", "removed a person"
    TENANT_CREATE = "tenant:workspace:create", "created the workspace"
    TENANT_SUSPEND = "tenant:workspace:suspend", "suspended the workspace"
    SIGN_OUT_ORDER = "session:everything:end", "signed out of everything"
    ACCESS_GRANT = "access:delegation:grant", "granted delegated access"
    ACCESS_VISIT = "access:delegation:visit", "opened the workspace by delegated access"
    PARTNER_VIEW_PURGE = "access:partner_view:purge", "lost sight of a customer whose access had ended"
    STAFF_ADD = "partner:staff:add", "added a partner's staff"
    STAFF_REMOVE = "partner:staff:remove", "removed a partner's staff"
    PLAN_CHANGE = "tenant:plan:change", "changed what the workspace has"
    CUSTOMER_CREATE = "billing:customer:create", "opened the billing account"
    DETAILS_CHANGE = "billing:details:change", "changed billing details"
    CARD_CHANGE = "billing:card:change", "changed the payment method"
    SUBSCRIPTION_START = "billing:subscription:start", "subscribed"
    SUBSCRIPTION_CHANGE = "billing:subscription:change", "changed the subscription"
    SUBSCRIPTION_CANCEL = "billing:subscription:cancel", "cancelled the subscription"
    SUBSCRIPTION_RESUME = "billing:subscription:resume", "resumed the subscription"
    SUBSCRIPTION_STATUS = "billing:subscription:status", "saw the subscription's status change"
    INVOICE_PAID = "billing:invoice:paid", "had an invoice paid"
    INVOICE_REFUNDED = "billing:invoice:refunded", "had an invoice refunded"
    PAYMENT_FAILED = "billing:payment:fail", "had a payment fail"
    BILLING_HEAL = "billing:mirror:heal", "brought billing in line with Stripe"
    WEBHOOK_REPLAY = "billing:webhook:replay", "replayed a webhook"
    GATE_RED = "gate:check:red", "found a gate not in place"
    GATE_GREEN = "gate:check:green", "found a gate in place again"

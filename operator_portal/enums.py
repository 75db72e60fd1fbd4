"""Words of the operator portal: the layers of the gate, what is checked of them, and what came of it."""

from __future__ import annotations

from django.db.models import IntegerChoices, TextChoices


class GateState(TextChoices):
    """What is known of a gate."""

    GREEN = "green", "In place"
    RED = "red", "Not in place"
    UNKNOWN = "unknown", "Unknown"


class Layer(IntegerChoices):
    """The three independent layers before the operator portal."""

    PROVIDER = 1, "authentik's own policy"
    MIDDLEWARE = 2, "The guard before every page"
    VIEW = 3, "The guard inside every page"


class Check(TextChoices):
    """What is looked at, by the words that name it; what comes first is looked at first."""

    APPLICATION = "application", "The application and its provider"
    ENGINE_MODE = "engine_mode", "How several bindings count"
    BINDING = "binding", "The policy is bound to the application"
    BINDING_ENABLED = "binding_enabled", "The binding is switched on"
    BINDING_NEGATE = "binding_negate", "The binding is not turned round"
    BINDING_FAILURE = "binding_failure", "The binding refuses when the policy fails"
    EXPRESSION = "expression", "What the policy asks"
    FOREIGN_BINDING = "foreign_binding", "Nothing else is bound to the application"
    GROUP = "group", "The group that the policy asks for"
    SIGNING_KEY = "signing_key", "Tokens are signed with a key"
    REDIRECT_URI = "redirect_uri", "Codes go to Dezky alone"
    OUTSIDER = "outsider", "Somebody outside the group would be turned away"
    OPERATOR = "operator", "Somebody in the group would be let in"
    OUTSIDER_SIGN_IN = "outsider_sign_in", "Somebody outside the group is turned away at sign-in"
    OPERATOR_SIGN_IN = "operator_sign_in", "Somebody in the group is let in at sign-in"
    MIDDLEWARE_LISTED = "middleware_listed", "The guard stands among the middleware"
    GUARD_TABLE = "guard_table", "The guard table's row for operators"
    MIDDLEWARE_PAGES = "middleware_pages", "Every page, with the guard before it"
    MIDDLEWARE_API = "middleware_api", "Every API, with the guard before it"
    VIEW_GUARD = "view_guard", "Who the guard inside takes for an operator"
    VIEW_PAGES = "view_pages", "Every page, with nothing before it"
    VIEW_API = "view_api", "Every API, with nothing before it"

    @property
    def layer(self) -> Layer:
        """Return the layer that this belongs to."""
        if self in _MIDDLEWARE:
            return Layer.MIDDLEWARE
        return Layer.VIEW if self in _VIEW else Layer.PROVIDER


_MIDDLEWARE = frozenset({Check.MIDDLEWARE_LISTED, Check.GUARD_TABLE, Check.MIDDLEWARE_PAGES, Check.MIDDLEWARE_API})
_VIEW = frozenset({Check.VIEW_GUARD, Check.VIEW_PAGES, Check.VIEW_API})

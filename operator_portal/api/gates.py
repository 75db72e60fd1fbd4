"""The gates, for programs."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.enums import Audience, Failure
from accounts.guards import Rule
from operator_portal.api.views import OperatorAudiencePermission, OperatorPermission
from operator_portal.enums import GateState
from operator_portal.gates.selectors import gates
from operator_portal.models import GateCheck


class GateCheckSerializer(serializers.ModelSerializer[GateCheck]):
    """One check: what is known now, and what was last known."""

    check = serializers.CharField(source="check_name")
    title = serializers.CharField()

    class Meta:
        model = GateCheck
        fields = (
            *("check", "title", "state", "text", "expected", "actual", "since", "checked_at"),
            *("known_state", "known_at", "unknown_since"),
        )
        read_only_fields = fields


class GateLayerSerializer(serializers.Serializer[Any]):
    """One layer with its checks."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(GateState.choices)
    since = serializers.DateTimeField(allow_null=True)
    known_state = serializers.ChoiceField(GateState.choices)
    known_at = serializers.DateTimeField(allow_null=True)
    checks = GateCheckSerializer(many=True)


class GatesSerializer(serializers.Serializer[Any]):
    """The whole gate; before the first run it has no layers and is unknown."""

    state = serializers.ChoiceField(GateState.choices)
    checked_at = serializers.DateTimeField(allow_null=True)
    layers = GateLayerSerializer(many=True)


class GatesView(GenericAPIView[Any]):
    """The last state of the three layers before the operator portal."""

    rule: ClassVar = Rule(Audience.OPERATOR, Failure.OPEN)
    permission_classes = (OperatorAudiencePermission, OperatorPermission)
    serializer_class = GatesSerializer
    pagination_class = None

    def get(self, _request: Request) -> Response:
        """Return what the last run found."""
        return Response(self.get_serializer(gates()).data)

"""An order to sign out everywhere against a sign-in at the same moment, on connections of their own (S12)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.testing import InMemoryConnector
from pytest_django import DjangoDbBlocker

from accounts import orders, sessions
from accounts.authentik import Tokens
from accounts.clients import get_client
from accounts.enums import OrderSubject
from accounts.models import OIDCSession, SignOutOrder, User
from tests.factories import UserFactory


@pytest.fixture
def person(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[User]:
    """Return somebody whose row is committed, so that two connections see it; nothing is left afterwards."""
    with django_db_blocker.unblock(), app.replace_connector(InMemoryConnector()):
        made: User = UserFactory()
        yield made
        SignOutOrder.objects.all().delete()
        made.delete()
        connections.close_all()


def test_s12_an_order_waits_for_a_sign_in_and_cuts_it_off(person: User) -> None:
    """A cut whose moment was taken before the wait would leave the session alive."""
    subject = orders.Subject(OrderSubject.PERSON, person.pk, person.label)

    def order() -> None:
        orders.order_sign_out(
            people=[person], subject=subject, reason="a lost laptop", by=person, asked_at=timezone.now()
        )
        connections.close_all()

    thread = threading.Thread(target=order)
    with transaction.atomic():
        session = sessions.begin(
            SessionStore(),
            user=person,
            client=get_client("portal"),
            tokens=Tokens("access", "identity", "refresh", 300),
            origin=sessions.Origin(),
        )
        thread.start()
        time.sleep(0.3)
        OIDCSession.objects.filter(pk=session.pk).update(created_at=timezone.now())
    thread.join()
    assert not OIDCSession.objects.alive().filter(pk=session.pk).exists()
    with pytest.raises(sessions.SignedOutMeanwhile):
        sessions.begin(
            SessionStore(),
            user=person,
            client=get_client("portal"),
            tokens=Tokens("access", "identity", "refresh", 300),
            origin=sessions.Origin(),
        )

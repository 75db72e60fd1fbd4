"""A form whose token is missing, or from before somebody signed in in another tab."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import UserFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db
_FORM = "/me/sessions/everywhere/"


def test_an_old_page_is_told_so_and_its_script_gets_the_token_of_now(sign_in: SignIn) -> None:
    person = UserFactory()
    browser = sign_in(person)
    browser.handler.enforce_csrf_checks = True

    answer = browser.post(_FORM)

    assert answer.status_code == 403
    assert "This page is too old to be sent" in answer.content.decode()
    assert answer["X-Dezky-Person"] == str(person.pk)
    assert answer["Cache-Control"] == "private, no-store"
    again = browser.post(_FORM, headers={"X-CSRFToken": answer["X-CSRF-Token"]})
    assert again.status_code == 303


def test_a_stranger_is_nobody() -> None:
    answer = Client(enforce_csrf_checks=True).post("/session/refresh/")
    assert (answer.status_code, answer["X-Dezky-Person"]) == (403, "")

"""Renewal of access tokens: one at a time for each session, over tabs, threads and processes (S4 to S6)."""

from __future__ import annotations

import logging
from concurrent.futures import Future, wait
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from accounts import authentik, endings, http, late, services
from accounts.enums import EndReason, Renewal
from accounts.lanes import NoLaneFree, lanes
from accounts.models import OIDCSession
from accounts.verification import ClockOff, KeyUnknown, TokenRejected, verify_id_token

logger = logging.getLogger(__name__)

# How long an answer may drip in after the request that asked for it has gone on without it.
LATE_SECONDS = 120.0
_EARLY = timedelta(seconds=30)
_PAUSE_AFTER_FAILURE = timedelta(seconds=10)
_LOCK_TIMEOUT = "5s"


def is_due(session: OIDCSession) -> bool:
    """Return whether the access token has run out, or the identity was confirmed too long ago.

    Both count: an access token of authentik's lives for an hour, in which nobody would notice a lost group.
    Longer-lived tokens than that are worth having, since authentik tells of a logout only while one lives.
    """
    now = timezone.now()
    return session.access_expires_at - _EARLY <= now or session.confirmed_at + settings.IDENTITY_CONFIRM_EVERY <= now


def renew_if_due(session: OIDCSession) -> Renewal:
    """Renew the tokens of `session` unless another request just has; refreshes `session` in place.

    The row lock makes the others wait and look again. The new tokens are committed here, before the
    view runs, so nothing that happens later can lose a rotated refresh token.
    """
    if not is_due(session):
        return Renewal.CURRENT
    try:
        with lanes.one(), http.together():  # the lane covers the wait for the row's lock, too
            outcome = _renew_under_lock(session.pk, seen_expiry=session.access_expires_at)
    except NoLaneFree:
        return Renewal.UNAVAILABLE
    except OperationalError as error:
        logger.warning("renewal waited in vain for its lock: %s", error)
        return Renewal.UNAVAILABLE
    session.refresh_from_db()
    return outcome


def _renew_under_lock(pk: UUID, *, seen_expiry: object) -> Renewal:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_TIMEOUT])
        session = OIDCSession.objects.select_for_update(of=("self",)).select_related("user").get(pk=pk)
        now = timezone.now()
        if not session.is_alive(now):
            return Renewal.REFUSED
        if session.access_expires_at != seen_expiry and not is_due(session):
            return Renewal.RENEWED
        if session.renewal_pending_until and now < session.renewal_pending_until:
            return Renewal.UNAVAILABLE  # its refresh token is on the way: a second use would be a refusal
        if session.renewal_failed_at and now - session.renewal_failed_at < _PAUSE_AFTER_FAILURE:
            return Renewal.UNAVAILABLE
        return _ask_provider(session)


def _ask_provider(session: OIDCSession) -> Renewal:
    """Ask for new tokens, for as long as the request has; a later answer is kept when it comes."""
    client, spent = session.oidc_client, session.refresh_token
    if not spent:
        return _end(session)
    coming = late.start(lambda: authentik.refresh(client, refresh_token=spent, deadline_seconds=LATE_SECONDS))
    done, _ = wait([coming], timeout=http.seconds_left())
    if done:
        return _settle(session, coming)
    logger.warning("renewal: the identity provider is slow; its answer will be kept when it comes")
    session.renewal_pending_until = timezone.now() + timedelta(seconds=LATE_SECONDS)
    transaction.on_commit(lambda: coming.add_done_callback(partial(_settle_late, session.pk)))
    return _put_off(session)


def _settle_late(pk: UUID, coming: Future[authentik.Tokens]) -> None:
    """Keep an answer that came after its request had gone on; runs in the answer's own thread."""
    try:
        with transaction.atomic():
            session = OIDCSession.objects.select_for_update(of=("self",)).select_related("user").get(pk=pk)
            session.renewal_pending_until = None
            session.save(update_fields=["renewal_pending_until"])
            if session.is_alive(timezone.now()):
                _settle(session, coming)
            elif coming.exception() is None:
                order = endings.open_order_about(session.user)
                endings.give_back(session.user, session.oidc_client, coming.result(), order=order)
    except (DatabaseError, OIDCSession.DoesNotExist):
        logger.exception("renewal: a late answer could not be kept")


def _settle(session: OIDCSession, came: Future[authentik.Tokens]) -> Renewal:
    """Make of the provider's answer what it means for the session."""
    try:
        tokens = came.result()
    except authentik.ProviderUnavailable as error:
        logger.warning("renewal: identity provider away: %s", error)
        return _put_off(session)
    except authentik.ProviderRefused as error:
        if error.error != "invalid_grant":
            # "You asked wrongly" (a bad client secret, say) says nothing about the person.
            logger.error("renewal: the provider refused our request: %s", error)  # noqa: TRY400
            return _put_off(session)
        return _end(session)
    try:
        claims = verify_id_token(session.oidc_client, tokens.id_token, nonce=None, access_token=tokens.access_token)
        if claims["sub"] != session.user.sub:
            raise TokenRejected("sub is another person")  # noqa: TRY301 - one place judges the answer
    except (authentik.ProviderUnavailable, KeyUnknown, ClockOff) as error:
        logger.warning("renewal: the answer can't be verified yet: %s", error)
        return _keep_for_later(session, tokens)
    except TokenRejected as error:
        logger.error("renewal: token rejected: %s", error)  # noqa: TRY400 - the reason is the message
        endings.give_back(session.user, session.oidc_client, tokens)
        return _end(session)
    _keep(session, tokens)
    return _confirm(session, claims)


def _keep_for_later(session: OIDCSession, tokens: authentik.Tokens) -> Renewal:
    """Keep what came, confirm nothing, and ask again with it: the refresh token before it is spent."""
    session.access_token = tokens.access_token
    session.refresh_token = tokens.refresh_token or session.refresh_token
    session.access_expires_at = timezone.now()
    session.save(update_fields=["access_token", "refresh_token", "access_expires_at"])
    return _put_off(session)


def _keep(session: OIDCSession, tokens: authentik.Tokens) -> None:
    session.access_token = tokens.access_token
    session.id_token = tokens.id_token
    session.refresh_token = tokens.refresh_token or session.refresh_token
    session.access_expires_at = timezone.now() + timedelta(seconds=tokens.expires_in_seconds)
    session.renewal_failed_at = None
    session.save()


def _confirm(session: OIDCSession, claims: dict[str, object]) -> Renewal:
    """Write the roles of the answer. If that fails the tokens stay and the next request asks again."""
    try:
        with transaction.atomic():
            services.record_identity(client=session.oidc_client, claims=claims)
    except DatabaseError:
        logger.exception("renewal: the roles could not be written")
        session.access_expires_at = timezone.now()
        session.save(update_fields=["access_expires_at"])
        return Renewal.UNAVAILABLE
    session.confirmed_at = timezone.now()
    session.save(update_fields=["confirmed_at"])
    return Renewal.RENEWED


def _put_off(session: OIDCSession) -> Renewal:
    session.renewal_failed_at = timezone.now()
    session.save(update_fields=["renewal_failed_at", "renewal_pending_until"])
    return Renewal.UNAVAILABLE


def _end(session: OIDCSession) -> Renewal:
    endings.close(OIDCSession.objects.filter(pk=session.pk), reason=EndReason.REFUSED)
    return Renewal.REFUSED

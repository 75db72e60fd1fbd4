"""The mail server of the demo: takes every mail, delivers none, shows all on a page."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from devstack import environment, mailbox_page
from devstack.errors import CannotRunError, run_main
from devstack.mailbox_store import MailStore
from devstack.standin import Request, Response, StandInServer, serve_until_told


class _Keeper:
    """Hands each accepted mail to the store."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        content = envelope.content or b""
        source = content.encode() if isinstance(content, str) else content
        self._store.add(sender=envelope.mail_from or "", recipients=envelope.rcpt_tos, source=source)
        return "250 OK"


class Mailbox:
    """The SMTP side and the web side over one store."""

    def __init__(self, data_dir: Path, *, port: int, smtp_port: int) -> None:
        """Open both ports."""
        self.store = MailStore(data_dir / "mail" / "mail.sqlite3")
        self._smtp_port = smtp_port
        self._controller: Controller | None = None
        self._start_smtp()
        self.server = StandInServer(
            port,
            self._answer,
            actions={
                "clear": lambda _: self.store.clear(),
                "down": lambda _: self._stop_smtp(),
                "normal": lambda _: self._start_smtp(),
            },
            modes=frozenset(),
        )

    def close(self) -> None:
        """Close both ports and the store."""
        self._stop_smtp()
        self.server.server_close()
        self.store.close()

    def _start_smtp(self) -> None:
        if self._controller is None:
            controller = Controller(
                _Keeper(self.store),
                hostname="127.0.0.1",
                port=self._smtp_port,
                enable_SMTPUTF8=True,
                server_hostname="mailbox.dezky.test",
            )
            controller.start()
            self._controller = controller

    def _stop_smtp(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def _answer(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return Response.json({"error": "GET only"}, 405, {"Allow": "GET, HEAD"})
        if request.path == "/":
            return mailbox_page.list_page(self.store.newest())
        if request.path == "/messages.json":
            return self._messages(request)
        found = re.fullmatch(r"/mail/(\d{1,12})(/html)?", request.path)
        mail = self.store.get(int(found[1])) if found else None
        if mail is None or found is None:
            return mailbox_page.not_found()
        return mailbox_page.mail_html(mail) if found[2] else mailbox_page.mail_page(mail)

    def _messages(self, request: Request) -> Response:
        asked: dict[str, Any] = parse_qs(request.query)
        limit = asked.get("limit", ["200"])[0]
        mails = self.store.newest(int(limit) if limit.isdecimal() else 200)
        return Response.json({"messages": [mail.as_json() for mail in mails]})


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="devstack.mailbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    environment.refuse_real_world(environment.MAILBOX, os.environ)
    try:
        mailbox = Mailbox(arguments.data_dir, port=arguments.port, smtp_port=arguments.smtp_port)
    except OSError as error:
        message = f"the mailbox cannot open its ports {arguments.port} and {arguments.smtp_port}: {error.strerror}."
        raise CannotRunError(message) from error
    try:
        serve_until_told(mailbox.server)
    finally:
        mailbox.close()
    return 0


if __name__ == "__main__":
    run_main(main)

"""The mailbox takes mail over SMTP and shows it without letting it act."""

from __future__ import annotations

import json
import smtplib
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from devstack.mailbox import Mailbox


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class _Client:
    def __init__(self, port: int, smtp_port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.smtp_port = smtp_port

    def send(self, subject: str, text: str, html: str = "") -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "hello@dezky.test", "owner@acme.test", subject
        mail.set_content(text)
        if html:
            mail.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=5) as connection:
            connection.send_message(mail)

    def get(self, path: str) -> tuple[str, dict[str, str]]:
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return answer.read().decode(), dict(answer.headers)

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.get("/messages.json")[0])["messages"]
        return found

    def control(self, **order: object) -> dict[str, Any]:
        request = urllib.request.Request(self.url + "/_control", json.dumps(order).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=5) as answer:
            return dict(json.load(answer))


def _serve(data_dir: Path) -> Iterator[_Client]:
    port, smtp_port = _free_ports(2)
    mailbox = Mailbox(data_dir, port=port, smtp_port=smtp_port)
    thread = threading.Thread(target=mailbox.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield _Client(port, smtp_port)
    finally:
        mailbox.server.shutdown()
        thread.join()
        mailbox.close()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[_Client]:
    yield from _serve(tmp_path)


def test_list_is_empty_at_first(client: _Client) -> None:
    page, _ = client.get("/")
    assert "No mail yet" in page
    assert client.messages() == []
    assert json.loads(client.get("/_health")[0]) == {"ok": True}


def test_mails_are_listed_newest_first(client: _Client) -> None:
    client.send("First", "one")
    client.send("Żweite", "two")
    assert [mail["subject"] for mail in client.messages()] == ["Żweite", "First"]
    page, _ = client.get("/")
    assert page.index("Żweite") < page.index("First")


def test_mail_html_is_sandboxed_and_subject_escaped(client: _Client) -> None:
    client.send("<script>x</script>", "see https://example.test/?a=1&b=2", "<html><head></head><b>hi</b></html>")
    number = client.messages()[0]["id"]
    page, headers = client.get(f"/mail/{number}")
    assert "<script>x" not in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert 'href="https://example.test/?a=1&amp;b=2"' in page
    assert "script-src 'nonce-" in headers["Content-Security-Policy"]
    html, headers = client.get(f"/mail/{number}/html")
    assert html.startswith('<html><head><base target="_blank"></head><b>hi</b></html>')
    assert headers["Content-Security-Policy"].startswith("sandbox allow-popups")


def test_unknown_mail_is_404(client: _Client) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        client.get("/mail/999")
    with caught.value as answer:
        assert answer.code == 404


def test_control_clears_and_takes_smtp_down_and_up(client: _Client) -> None:
    client.send("One", "one")
    client.control(action="clear")
    assert client.messages() == []
    client.control(action="down")
    with pytest.raises(OSError, match="refused"):
        client.send("Two", "two")
    client.control(action="normal")
    client.send("Three", "three")
    assert [mail["subject"] for mail in client.messages()] == ["Three"]


def test_unknown_action_is_refused(client: _Client) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        client.control(action="dance")
    with caught.value as answer:
        assert answer.code == 400


def test_mails_survive_a_restart(tmp_path: Path) -> None:
    for first in _serve(tmp_path):
        first.send("Kept", "text")
    for second in _serve(tmp_path):
        assert [mail["text"].strip() for mail in second.messages()] == ["text"]

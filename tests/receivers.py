"""Real servers on this machine that take what is sent: one for webhooks, one for mails."""

import socketserver
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext


@dataclass
class Request:
    path: str
    headers: Message
    body: bytes


class Receiver:
    """Answers with the given statuses, one after the other, the last one again and again; `requests` is what came."""

    def __init__(
        self, statuses: Iterable[int] = (204,), host: str = "127.0.0.1", tls: SSLContext | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.statuses, self.requests = list(statuses), list[Request]()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(Request(self.path, self.headers, body))
                self.send_response(receiver.statuses[min(len(receiver.requests), len(receiver.statuses)) - 1])
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((host, 0), Handler)
        self.port: int = self.server.server_address[1]
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http://{host}:{self.port}/hook?x=1"

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def dripping(seconds: float) -> Iterator[int]:
    """The port of a server that answers a byte every so many seconds, and never ends."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                while True:
                    self.request.sendall(b"H")
                    time.sleep(seconds)
            except OSError:
                pass

    with _served(Handler) as port:
        yield port


@contextmanager
def mail_server(refuses: str = "") -> Iterator[tuple[int, list[Message]]]:
    """Port and mails of an SMTP server that refuses one verb, if any."""
    mails: list[Message] = []

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 test")
            while verb := self.rfile.readline().strip().upper():
                if verb.startswith(b"DATA"):
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    mails.append(message_from_bytes(b"".join(lines)))
                    self.say("250 taken")
                elif verb.startswith(b"QUIT"):
                    self.say("221 bye")
                    return
                else:
                    self.say("550 no" if refuses and verb.startswith(refuses.encode()) else "250 well")

    with _served(Handler) as port:
        yield port, mails


@contextmanager
def _served(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()

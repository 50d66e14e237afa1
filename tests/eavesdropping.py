"""Servers that remember every byte they are sent: one that nobody should talk to, and one in front of a real one."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b'Content-Length: 14\r\nConnection: close\r\n\r\n{"results":{}}'
)


class Eavesdropper:
    """Listens on a port of its own and keeps what arrives. It answers everything with the same JSON; with ``onward``
    it passes all on to that port and the answers back; with ``context`` it speaks TLS."""

    def __init__(self, onward: int | None = None, context: ssl.SSLContext | None = None) -> None:
        self._heard = bytearray()
        self._onward = onward
        self._context = context
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def heard(self) -> str:
        """All that anybody has sent, as text."""
        return bytes(self._heard).decode("latin-1")

    def close(self) -> None:
        for one in [self._server, *self._open]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            if self._onward is None:
                self._answer(connection)
            else:
                self._pass_on(connection, self._onward)
        except OSError:
            pass
        finally:
            connection.close()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        begun = len(self._heard)
        while b"\r\n\r\n" not in self._heard[begun:] and (sent := connection.recv(65536)):
            self._heard += sent
        connection.sendall(ANSWER)

    def _pass_on(self, connection: socket.socket, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as service:
            self._open.append(service)

            def back() -> None:
                try:
                    while answer := service.recv(65536):
                        connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                except OSError:
                    pass

            answering = threading.Thread(target=back, daemon=True)
            answering.start()
            while sent := connection.recv(65536):
                self._heard += sent
                service.sendall(sent)
            service.shutdown(socket.SHUT_WR)
            answering.join(5)


@contextmanager
def eavesdropper(onward: int | None = None, context: ssl.SSLContext | None = None) -> Iterator[Eavesdropper]:
    """An ``Eavesdropper`` while it is entered."""
    one = Eavesdropper(onward, context)
    try:
        yield one
    finally:
        one.close()


def certificate(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for these names that nobody has signed: its file, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    now = datetime.now(UTC)  # noqa: TID251 - OpenSSL reads the machine's clock
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return file, context

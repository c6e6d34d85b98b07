"""Messages to addresses that strangers have named: only to public machines, over TLS, cut off in time.

The name is resolved once and the connection goes to exactly the address that was looked at, so that a name which
points somewhere else a moment later leads nowhere else (no server-side request forgery by rebinding).
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from core.errors import Invalid

PATIENCE = 15.0
"""Seconds from the first byte out to the last byte in."""
MOST_BYTES = 4096
"""Nobody needs more of an answer, unless it is what was asked for."""
MOST_URL = 500

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], list[str]]

CARRIERS = tuple(
    ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)
"""IPv6 that carries an IPv4 address inside: where it leads cannot be told from the outside."""


class Unreachable(Exception):
    """No answer, or none may be asked for; `cause` says why in one word."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True)
class Answer:
    """What the other side said: its status and how its body begins."""

    status: int
    body: bytes

    @property
    def begins(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


def resolve(host: str, port: int) -> list[str]:
    """Every address of the name."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def networks_of(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks an installation allows beside the public internet; Invalid("settings.networks") for none."""
    try:
        return tuple(ipaddress.ip_network(one) for one in texts)
    except ValueError:
        raise Invalid("settings.networks", field="own_networks", found="、".join(texts)[:200]) from None


def may_reach(address: str, networks: Sequence[Network] = ()) -> bool:
    """Whether messages may go to this address: it is public, or in one of the installation's own networks."""
    try:
        found: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found.version == one.version and found in one for one in networks):
        return True
    carried = found.version == 6 and any(found in one for one in CARRIERS)
    of_a_site = isinstance(found, ipaddress.IPv6Address) and found.is_site_local  # given up, and still in use inside
    return found.is_global and not found.is_multicast and not carried and not of_a_site


def check_address(url: str, networks: Sequence[Network] = ()) -> str:
    """The address as kept; Invalid("outgoing.url") unless it is https (or http inside the installation's networks).

    No user, no fragment. A name is looked at when a message goes out; a bare number at once (outgoing.private).
    """
    parts = _parts(url)
    host = parts.hostname or ""
    try:
        literal = str(ipaddress.ip_address(host))
    except ValueError:
        literal = ""
    if literal and not may_reach(literal, networks):
        raise Invalid("outgoing.private", field="url", host=host)
    if parts.scheme == "http" and not (literal and may_reach(literal, networks) and not may_reach(literal)):
        raise Invalid("outgoing.url", field="url", found=url[:200])
    return url


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid("outgoing.url", field="url", found=url[:200]) from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= MOST_URL
    if (
        not plain
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in parts.netloc
        or parts.fragment
        or port == 0
    ):
        raise Invalid("outgoing.url", field="url", found=url[:200])
    return parts


def post(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    networks: Sequence[Network] = (),
    patience: float = PATIENCE,
    most: int = MOST_BYTES,
    resolver: Resolver = resolve,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """POST the bytes and return the answer's status and the first `most` bytes of its body; redirects are not followed.

    Unreachable where there is none.

    Every address of the name must be one that may be reached: a name with a public and a private one leads nowhere.
    """
    parts = _parts(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = resolver(host, port)
    except (OSError, UnicodeError):
        raise Unreachable("dns") from None
    if not addresses or not all(may_reach(one, networks) for one in addresses):
        raise Unreachable("private")
    deadline = time.monotonic() + patience
    connection = http.client.HTTPConnection(host, port, timeout=patience)
    cut: threading.Timer | None = None
    try:
        raw = socket.create_connection((addresses[0], port), timeout=patience)
        if parts.scheme == "https":
            # The wrapped socket takes the connection over from the one it was made of: only it can be cut.
            made = context or ssl.create_default_context()
            raw = made.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
        connection.sock = raw
        # A server that drips a byte at a time keeps no thread longer than the patience: the socket is closed over it.
        cut = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [raw])
        cut.daemon = True
        cut.start()
        if isinstance(raw, ssl.SSLSocket):
            raw.do_handshake()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(most))
    except ssl.SSLError:
        raise Unreachable("timeout" if time.monotonic() >= deadline else "tls") from None
    except TimeoutError:
        raise Unreachable("timeout") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise Unreachable("timeout" if time.monotonic() >= deadline else "connection") from None
    finally:
        if cut is not None:
            cut.cancel()
        connection.close()


def session(networks: Sequence[Network] = (), resolver: Resolver = resolve) -> requests.Session:
    """A session whose connections, too, go only where messages may go, to the very address that was looked at.

    Unreachable("private") comes out of its requests. No proxy of the environment is asked.
    """

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _looked_at(self, super()._new_conn, networks, resolver)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _looked_at(self, super()._new_conn, networks, resolver)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *sizes: Any, **options: Any) -> None:
            super().init_poolmanager(*sizes, **options)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    made = requests.Session()
    made.trust_env = False
    for scheme in ("http://", "https://"):
        made.mount(scheme, Adapter())
    return made


def _looked_at(
    connection: HTTPConnection, connect: Callable[[], socket.socket], networks: Sequence[Network], resolver: Resolver
) -> socket.socket:
    """Connect to an address that may be reached; the name stays what the other side's certificate must bear."""
    name = connection._dns_host
    try:
        addresses = resolver(name, connection.port)
    except (OSError, UnicodeError):
        raise Unreachable("dns") from None
    if not addresses or not all(may_reach(one, networks) for one in addresses):
        raise Unreachable("private")
    connection._dns_host = addresses[0]
    try:
        return connect()
    finally:
        connection._dns_host = name


def _cut(raw: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(raw, socket.SHUT_RDWR)  # SSLSocket's own would take the session from under the reader

"""The server's connections know when bytes came, not only when somebody had time to read them."""

from __future__ import annotations

import socket
import sys
import time

import pytest

from portal.cli.server import SO_TIMESTAMPNS, TimedSocket


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when bytes came")
def test_a_connection_knows_when_its_last_byte_came() -> None:
    """Sent and left lying for half a second, twice. Seen red: with the time of reading."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        time.sleep(0.2)  # the system begins to take times a moment after it is asked to
        with socket.create_connection(listener.getsockname()) as sender:
            sender.sendall(b"first")
            sent, _ = time.time(), time.sleep(0.5)
            accepted, _ = listener.accept()
            with TimedSocket(fileno=accepted.detach()) as line:
                assert line.recv(100) == b"first"
                assert line.arrived is not None and abs(line.arrived - sent) < 0.2
                sender.sendall(b"second")
                sent, _ = time.time(), time.sleep(0.3)
                assert line.recv(100) == b"second"
                assert abs(line.arrived - sent) < 0.2
                sender.close()
                assert line.recv(100) == b""

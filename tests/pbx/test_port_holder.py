"""Who has a port, and what to do about it."""

from __future__ import annotations

import errno
import os
import socket

from gateway.pbx import port_holder


def test_the_holder_of_a_port_is_named_with_the_command_that_ends_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        error = port_holder.refusal("udp", "127.0.0.1", port)
        assert error and error.errno == errno.EADDRINUSE
        told = port_holder.explain("udp", "127.0.0.1", port, error)
    assert f"pid {os.getpid()}" in told and f"kill {os.getpid()}" in told

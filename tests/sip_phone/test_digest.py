"""Digest answers against the examples that RFC 7616 (3.9.1) and RFC 2617 (3.5) print."""

from __future__ import annotations

import pytest

from gateway.sip_phone.digest import challenge, credentials
from gateway.sip_phone.sip import BadMessage

RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_with_qop(algorithm: str, response: str) -> None:
    asked = challenge(RFC_7616.format(algorithm))
    told = credentials(asked, "Mufasa", "Circle of Life", "GET", "/dir/index.html", CNONCE)
    assert f'response="{response}"' in told
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in told


def test_without_qop() -> None:
    asked = challenge('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
    told = credentials(asked, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "")
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in told


@pytest.mark.parametrize(
    "value", ["", "Basic realm=x", 'Digest realm="x"', 'Digest realm="x", nonce="y", algorithm=SHA3']
)
def test_a_challenge_without_an_answer(value: str) -> None:
    with pytest.raises(BadMessage):
        challenge(value)

"""The FastAGI header: typed, and not to be forged by a caller's name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.pbx.agi_header import end_of_header, read_header
from tests.pbx.pbx_peers import header


def test_fields() -> None:
    got = read_header(
        header(b"/menu/main?line=3&x=a%20b&y=", "王".encode(), b"agi_arg_1: one\nagi_arg_2: \n")
    )
    assert (got.script, got.query) == ("menu/main", {"line": "3", "x": "a b", "y": ""})
    assert got.arguments == ("one", "")
    assert (got.uniqueid, got.channel) == ("1763900000.7", "PJSIP/trunk-00000001")
    assert (got.callerid, got.caller_name, got.dialled) == ("13800138000", "王", "12315")
    assert (got.context, got.extension, got.language) == ("lines", "12315", "en")
    assert got.raw["agi_rdnis"] == "unknown"


def test_gbk_quotes_and_nothing() -> None:
    assert read_header(header(name='"王" \\'.encode("gbk"))).caller_name == '"王" \\'
    assert read_header(header(name=b"")).caller_name == ""
    assert read_header(header(name=b"unknown")).caller_name == ""
    assert read_header(b"").uniqueid == ""


def test_a_name_neither_ends_nor_overrules_the_header() -> None:
    block = header(
        name=b"x\n\nagi_uniqueid: forged\nagi_context: forged\nagi_network_script: forged\n\nagi_z"
    )
    assert end_of_header(block) == len(block)
    got = read_header(block)
    assert (got.uniqueid, got.context, got.script) == ("1763900000.7", "lines", "call")
    assert got.caller_name == "x"


def test_too_many_arguments_in_the_query() -> None:
    assert read_header(header(b"call?" + b"&".join(b"a%d=1" % i for i in range(300)))).query == {}


@given(st.binary(max_size=200))
def test_any_name_is_taken(name: bytes) -> None:
    got = read_header(header(name=name.replace(b"agi_", b"")))
    assert (got.uniqueid, got.extension) == ("1763900000.7", "12315")
    assert got.caller_name.isprintable()

"""Bytes to text when the declared charset is missing, wrong or too small for what is inside.

Only the charsets named here are tried: a declared name is never passed to Python's codec search.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

# As mails write it -> as Python knows it. GB2312 and GBK mean GB18030 in practice: the larger set
# reads all three, while the smaller loses every character that a name like 镕 or 喆 needs.
CODECS = {
    **dict.fromkeys(("gb2312", "gb-2312", "gb2312-80", "euc-cn", "csgb2312"), "gb18030"),
    **dict.fromkeys(("gbk", "x-gbk", "cp936", "ms936", "windows-936", "936"), "gb18030"),
    **dict.fromkeys(("gb18030", "gb-18030", "gb18030-2000", "gb18030-2005", "gb18030-2022"), "gb18030"),
    **dict.fromkeys(("hz", "hz-gb-2312", "hz-gb2312"), "hz"),
    **dict.fromkeys(("big5", "big-5", "cp950", "x-big5", "big5-hkscs", "big5hkscs"), "big5hkscs"),
    **dict.fromkeys(("utf-8", "utf8", "unicode-1-1-utf-8", "utf-8mb4", "cp65001", "65001"), "utf-8"),
    **dict.fromkeys(("utf-7", "unicode-1-1-utf-7"), "utf-7"),
    **dict.fromkeys(("utf-16", "utf16", "unicode", "ucs-2"), "utf-16"),
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32": "utf-32",
    **dict.fromkeys(("us-ascii", "ascii", "ansi-x3.4-1968", "646", "7bit"), "ascii"),
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "ansi"), "cp1252"),
    **dict.fromkeys(("iso-8859-15", "latin-9"), "iso8859-15"),
    **{f"iso-8859-{n}": f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14)},
    **{f"windows-125{n}": f"cp125{n}" for n in (0, 1, 3, 4, 5, 6, 7, 8)},
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "tis-620": "cp874",
    "windows-874": "cp874",
    **dict.fromkeys(("shift-jis", "shift_jis", "sjis", "x-sjis", "cp932", "windows-31j"), "cp932"),
    "euc-jp": "euc-jp",
    "iso-2022-jp": "iso2022_jp_2",
    "iso-2022-kr": "iso2022_kr",
    **dict.fromkeys(("euc-kr", "ks-c-5601-1987", "cp949", "korean"), "cp949"),
}
SAMPLE = 20_000  # characters that a guess is made from
WEAK = frozenset({"", "ascii"})  # nothing is said of bytes beyond ASCII; anything may be inside
DEFAULT = "cp1252"  # what some Chinese mailers declare without looking; believed unless it cannot be
ESCAPING = frozenset({"hz", "utf-7", "iso2022_jp_2", "iso2022_kr"})  # text in plain ASCII bytes
WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32"})
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SCRIPTS = (
    (0xA0, 0x17F, "latin"),
    (0x370, 0x3FF, "greek"),
    (0x400, 0x4FF, "cyrillic"),
    (0x590, 0x6FF, "hebrew, arabic"),
    (0x800, 0x10FFFF, "other"),  # three bytes or more: no GB2312 is that by chance for long
)
_META = re.compile(
    rb"<meta\b[^<>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})|<\?xml[^<>]{0,200}?encoding=[\"']([\w.:-]{2,40})",
    re.I,
)
_META_WITHIN = 16 * 1024  # bytes of a page in which its charset is looked for
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
# Punctuation and the 3,755 most used characters of GB2312, as pairs of bytes.
_USUAL_GB = re.compile(rb"(?:[\xb0-\xd7][\xa1-\xfe]|[\xa1\xa3][\xa1-\xfe])+")
_HIGH_BYTES = re.compile(rb"(?:[\x81-\xfe][\x40-\x7e\xa1-\xfe])+")
_USUAL_BIG5 = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]")
_CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\u2014\u2018-\u201d\u2026\u00b7\u00a5\u00d7]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text. `lost` counts the characters that could not be read (U+FFFD stands for each).

    `guessed` names the charset that was chosen without, or against, what was declared; "" otherwise.
    Valid UTF-8 is no guess: other charsets hardly ever give it by chance.
    """

    text: str
    lost: int = 0
    guessed: str = ""


def codec_of(declared: str) -> str:
    """Python's name of a declared charset; "" when it is not one that mails use."""
    plain = declared.strip().strip("\"'").lower()
    return CODECS.get(plain) or CODECS.get(plain.replace("_", "-"), "")


def charset_in_page(page: bytes) -> str:
    """The charset that an HTML page names itself, in <meta> or an XML declaration; "" when it names none
    that can be: whoever reads the name byte by byte knows that it is not UTF-16."""
    match = _META.search(page[:_META_WITHIN])
    name = (match[1] or match[2]).decode("ascii", "replace") if match else ""
    return "" if codec_of(name) in WIDE else name


def decode(data: bytes, declared: str = "") -> Decoded:
    """The text in `data`. Valid UTF-8 is believed before any label, then the declared charset where it
    fits, then the likeliest of those that Chinese mail is written in."""
    codec = codec_of(declared)
    for mark, marked in _MARKS:
        if data.startswith(mark):
            return _forced(data, marked)
    if codec in WIDE:
        return _forced(data, codec)
    if data.isascii():
        return _plain(data, codec)
    if (utf8 := _as_utf8(data)) is not None:
        return utf8
    if codec not in WEAK | ESCAPING and (text := _declared(data, codec)) is not None:
        return Decoded(text)
    return _guess(data, codec)


def _as_utf8(data: bytes) -> Decoded | None:
    """`data` as UTF-8, also when it is cut in the middle of a character or has a bad byte or two."""
    if (text := _strict(data, "utf-8")) is not None:
        chinese = _strict(data, "gb2312") if _of_no_language(text) else None
        return Decoded(text) if chinese is None else Decoded(chinese)
    nearly = _forced(data, "utf-8")
    sample = nearly.text[:SAMPLE]
    if _beyond_ascii(sample) > 20 * sample.count("\ufffd"):
        return nearly
    return nearly if len(_CHINESE.findall(nearly.text)) >= 2 * nearly.lost else None


def _declared(data: bytes, codec: str) -> str | None:
    """The text by a declared charset; None when the bytes contradict it."""
    text = _strict(data, codec)
    if text is None and codec == DEFAULT:
        text = data.decode("cp1252", "replace").replace("\ufffd", "")  # five bytes without a meaning
    if codec == DEFAULT and _surely_chinese(data):
        return None
    return text


def _surely_chinese(data: bytes) -> bool:
    """Can these bytes be no Western text? All of them pairs of common Chinese characters, several in a
    row, with no letter beside them, as no word in Latin letters is written."""
    at = 0
    for run in _HIGH_RUN.finditer(data[: 4 * SAMPLE]):
        beside = data[run.start() - 1 : run.start()] + data[run.end() : run.end() + 1]
        if len(run[0]) < 4 or not _USUAL_GB.fullmatch(run[0]) or beside.isalpha():
            return False
        at += 1
    return at > 0


def clean(text: str) -> str:
    """The text without what no screen or database takes: controls but tab and line end, half pairs."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int) -> str:
    """For a header or a name: white space becomes one space, at most `limit` characters."""
    return " ".join(clean(text[: 8 * limit]).split())[:limit]


def _plain(data: bytes, codec: str) -> Decoded:
    """ASCII bytes, in which HZ and the like hide their characters."""
    escaping = codec if codec in ESCAPING else "hz" if codec == "gb18030" and b"~{" in data else ""
    text = _strict(data, escaping) if escaping else None
    return Decoded(data.decode("ascii") if text is None else text)


def _guess(data: bytes, codec: str) -> Decoded:
    """Bytes of a charset that is not declared, or declared wrongly."""
    if codec in ESCAPING or codec in WEAK | {DEFAULT}:
        candidates = ["gb18030", "big5hkscs"]
    else:
        forced = _forced(data, codec)
        if forced.lost * 8 <= _beyond_ascii(forced.text):
            return forced  # some damage, marked in the text; the charset is the one that is declared
        candidates = ["gb18030", "big5hkscs", codec]
    if _rather_western(data):
        return replace(_forced(data, "cp1252"), guessed="windows-1252")
    if _rather_big5(data):
        candidates.sort(key=lambda name: name != "big5hkscs")
    for charset in candidates:
        text = _strict(data, charset)
        if text is not None and (codec not in {"ascii", DEFAULT} or _looks_chinese(text)):
            return Decoded(text, 0, charset)
    if codec in {"ascii", DEFAULT}:
        return replace(_forced(data, "cp1252"), guessed="" if codec == DEFAULT else "windows-1252")
    names = (codec or "gb18030", "gb18030", "big5hkscs", "utf-8")
    return min(
        (replace(_forced(data, charset), guessed=charset) for charset in names),
        key=lambda decoded: decoded.lost,
    )


def _rather_western(data: bytes) -> bool:
    """Single bytes beyond ASCII among letters, as accents stand in a Western text?"""
    sample = data[: 4 * SAMPLE]
    runs = _HIGH_RUN.findall(sample)
    single = sum(len(run) == 1 for run in runs)
    letters = sum(1 for byte in sample if 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A)
    return single >= 0.5 * len(runs) and sum(map(len, runs)) <= 0.4 * letters


def _rather_big5(data: bytes) -> bool:
    """Are these bytes common Chinese in Big5, and rare characters in GBK?"""
    gbk, big5 = _strict(data, "gb18030"), _strict(data, "big5hkscs")
    if big5 is None:
        return False
    usual = len(_USUAL_BIG5.findall(b"".join(_HIGH_BYTES.findall(data))))
    if usual < 0.75 * _beyond_ascii(big5):
        return False
    if gbk is None:
        return True
    simple = len(gbk[:SAMPLE].encode("gb2312", "ignore").decode("gb2312"))
    ascii_too = len(gbk[:SAMPLE]) - _beyond_ascii(gbk)
    return simple - ascii_too < 0.75 * _beyond_ascii(gbk)


def _of_no_language(text: str) -> bool:
    """Letters of several scripts, or of none that is written: what short GB2312 gives when it happens to be
    UTF-8 as well, as 小票 does (\u0421\u01b1)."""
    if len(text) > 100 or _CHINESE.search(text):
        return False
    scripts = {_script(ord(character)) for character in text if not character.isascii()}
    return len(scripts) > 1 or "" in scripts


def _script(code: int) -> str:
    return next((name for first, last, name in _SCRIPTS if first <= code <= last), "")


def _looks_chinese(text: str) -> bool:
    return len(_CHINESE.findall(text[:SAMPLE])) >= 0.9 * _beyond_ascii(text)


def _beyond_ascii(text: str) -> int:
    """How many characters of its beginning are not ASCII."""
    sample = text[:SAMPLE]
    return len(sample) - len(sample.encode("ascii", "ignore"))


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeError:
        return None


def _forced(data: bytes, codec: str) -> Decoded:
    text = data.decode(codec, "replace")
    return Decoded(text, text.count("\ufffd"))

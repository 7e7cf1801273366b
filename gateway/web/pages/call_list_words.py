"""What the page of calls says: outcomes, directions, and the player."""

from __future__ import annotations

from gateway.web.pages.call_words import CALL_WORDS
from gateway.web.pages.work_page import Words

CALL_LIST_WORDS: Words = {
    **{name: words for name, words in CALL_WORDS.items() if name.startswith("call_outcome.")},
    "in": ("来电", "In"),
    "out": ("去电", "Out"),
    "no_number": ("号码未知", "no number"),
    "play": ("播放录音", "Play"),
    "waited": ("等候 %d 秒", "waited %d s"),
    "back": ("回电", "call-back"),
    "rating": ("通话评价 %d", "call rated %d"),
}

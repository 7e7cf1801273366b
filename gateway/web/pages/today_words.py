"""What the page of the shift leader says."""

from __future__ import annotations

from gateway.core.item.lists import TAB_NAMES
from gateway.web.pages.desk_words import DESK_WORDS
from gateway.web.pages.work_page import Words

TODAY_WORDS: Words = {
    **DESK_WORDS,
    **{f"tab.{tab.value}": names for tab, names in TAB_NAMES.items()},
    "figure.offered": ("呼入", "Calls"),
    "figure.answered": ("接听", "Answered"),
    "figure.in_time_rate": ("按时接听率", "Answered in time"),
    "figure.average_wait": ("平均等候（秒）", "Average wait (s)"),
    "figure.gave_up": ("中途放弃", "Gave up"),
    "figure.turned_away": ("遇忙未接入", "Turned away"),
    "figure.owed": ("待回电", "Calls owed"),
    "reassign": ("改派", "Reassign"),
    "to_queue": ("退回待办", "Back to the queue"),
    "nobody": ("无人办理", "nobody"),
    "pieces": ("%d 件", "%d items"),
    "not_live": ("与服务器的连接断开，正在重连", "connection lost, trying again"),
}

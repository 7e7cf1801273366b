"""What the page on which items are assigned says."""

from __future__ import annotations

from gateway.web.pages.desk_words import DESK_WORDS
from gateway.web.pages.order_words import ASSIGN_WORDS
from gateway.web.pages.work_page import Words

DISPATCH_WORDS: Words = {
    **DESK_WORDS,
    **ASSIGN_WORDS,
    "tab.to_assign": ("待分派", "To assign"),
    "tab.returned": ("被退回", "Returned"),
    "tab.assigned": ("待签收", "Not signed for"),
    "tab.reported": ("待审核", "To approve"),
    "tab.extension_asked": ("申请延期", "Extension asked"),
    "came_back": ("曾被退回", "came back"),
    "no_name": ("未写明对象", "no respondent named"),
    "fact.respondent_name": ("对象", "Respondent"),
    "fact.respondent_address": ("地址", "Address"),
    "fact.county": ("县区", "County"),
    "fact.category": ("分类", "Category"),
    "fact.received": ("收到", "Received"),
    "fact.content": ("内容", "Content"),
    "fact.unit": ("承办单位", "Unit"),
    "fact.due": ("期限", "Due"),
    "fact.note": ("派单说明", "Note"),
    "fact.last": ("最近", "Last"),
    "act.uphold": ("维持派单", "Uphold"),
    "act.take_back": ("收回", "Take back"),
    "word.uphold": ("维持理由", "Why it is upheld"),
    "word.take_back": ("收回原因（选填）", "Why it is taken back (optional)"),
    "needed.uphold": ("请写明维持理由", "Say why it is upheld"),
    "done.uphold": ("%d 已维持，由%d办理。", "%d: upheld, %d handles it."),
    "done.take_back": ("%d 已从%d收回。", "%d was taken back from %d."),
    "not_live": ("与服务器的连接断开，正在重连", "connection lost, trying again"),
}

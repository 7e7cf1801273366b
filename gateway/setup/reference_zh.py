"""Tables of the Chinese pages that are made from the code, with the words that the pages have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.core.call.transfer import TABLE, Ask, Command, Fact, TransferOutcome, TransferState
from gateway.web.pages.desk_words import DESK_WORDS

STATES: Mapping[TransferState, str] = {
    TransferState.HANDED_OVER: "已转出",
    TransferState.BACK: "已接回来电人",
    TransferState.REQUEUED: "来电人重新排队",
    TransferState.OVER: "通话已结束",
}
"""Those that the desk has no word for, since it shows the outcome then."""
EVENTS: Mapping[Fact | Ask, str] = {
    Fact.RINGS: "对方振铃",
    Fact.ANSWERED: "对方接听",
    Fact.REFUSED: "对方不接受",
    Fact.BUSY: "占线",
    Fact.NO_ANSWER: "无人接听",
    Fact.NO_LINE: "没有空闲线路",
    Fact.FAILED: "未接通",
    Fact.CANCELLED: "已取消",
    Fact.JOINED: "三方已接通",
    Fact.TARGET_GONE: "对方已挂机",
    Fact.AGENT_GONE: "坐席已断开",
    Fact.CALLER_GONE: "来电人已挂机",
    Fact.HOLD_OVER: "来电人等候过久",
    Fact.REQUEUED: "来电人已重新排队",
    Ask.MERGE: "坐席：三方通话",
    Ask.BACK: "坐席：返回",
    Ask.LEAVE: "坐席：转出并退出",
}
COMMANDS: Mapping[Command, str] = {
    Command.JOIN: "三人接到一起",
    Command.REJOIN: "来电人与坐席接回",
    Command.DROP: "挂断对方",
    Command.LET_GO: "挂断坐席",
}
TASKS: Mapping[str, str] = {
    "claim-next": "坐席：领取下一件并打开",
    "find-by-firm": "坐席：按企业名称的一部分查到上周的事项并打开",
    "accept": "坐席：受理已打开的投诉",
    "refuse": "坐席：按法定情形不予受理",
    "hand-over": "坐席：输入单位名称，分派事项",
    "ask-for-papers": "坐席：要求投诉人补充材料",
    "answer": "坐席：答复",
    "close": "坐席：办结已答复的事项",
    "own-overdue": "坐席：查看本人已逾期的事项，最急的在前",
    "register-call": "坐席：接听来电，边听边写，当场登记投诉",
    "register-visit": "坐席：登记来访投诉",
    "complain": "群众：附一张照片提交投诉，直到看到回执",
    "look-up": "群众：凭编号和查询码查询进度",
    "add-a-word": "群众：补充说明",
    "withdraw": "群众：撤回",
    "overdue-and-holder": "值班长：查看已逾期的事项和办理人",
    "morning": "值班长：打开“今日”，看数字、坐席、排队、已逾期和各人在办",
    "reassign": "值班长：把一名坐席的事项改派给另一名，写明原因",
    "listen-in": "值班长：监听通话",
    "make-account": "管理员：为所里的承办人新建账号，选定角色和单位",
    "resend-dead-letter": "管理员：查看未送达件，重发一件",
    "draft-flow": "管理员：改流程中的一个词，保存草稿时随即检查",
    "simulate-flow": "管理员：不用电话，模拟走一遍草稿",
    "publish-flow": "管理员：写明原因后发布",
    "roll-back-flow": "管理员：恢复上一个版本",
    "renew-prompt": "管理员：用录音替换一条提示音",
    "close-order": "监管所承办人：登录，签收新工单，填写报告并提交审核",
}
"""What is done in each task of docs/using/walks.md."""
WALKS = Path(__file__).resolve().parents[2] / "docs/using/walks.md"


def transfers_table() -> str:
    """Every row of core/call/transfer's table."""
    lines = ["| 状态 | 发生的事 | 转为 | 发出的指令 | 结果 |", "| --- | --- | --- | --- | --- |"]
    for (state, event), step in sorted(TABLE.items(), key=lambda row: list(TransferState).index(row[0][0])):
        commands = "、".join(COMMANDS[command] for command in step.commands)
        row = (_state(state), EVENTS[event], _state(step.state), commands, _outcome(step.outcome))
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def _state(state: TransferState) -> str:
    return STATES.get(state) or DESK_WORDS[f"transfer.{state.value}"][0]


def _outcome(outcome: TransferOutcome) -> str:
    return "" if outcome is TransferOutcome.OPEN else DESK_WORDS[f"outcome.{outcome.value}"][0]


def walks_table() -> str:
    """The counts of docs/using/walks.md, which the walking test keeps; a task without Chinese words fails."""
    return "\n".join(_walks())


def _walks() -> Iterator[str]:
    yield "| 任务 | 内容 | 页面 | 点击 | 按键 | 输入 |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, counts in re.findall(r"^\| `([\w-]+)` \|[^|]*\|(.*)$", WALKS.read_text("utf-8"), re.M):
        yield f"| `{name}` | {TASKS[name]} |{counts}"

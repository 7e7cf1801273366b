"""The menu that every variant plays: as a flow of the gateway, as dialplan, and the sounds of both.

    a  a long prompt;   1 leads to b, 2 to c
    b  a short prompt;  1 leads to a, 2 to c
    c  a long prompt;   2 ends the call

A prompt is a constant level, in `a` above and in `b` and `c` below zero: the sign of a packet's first
sample tells which prompt it belongs to, so nobody needs to recognise anything.
"""

from __future__ import annotations

import struct
import wave
from pathlib import Path

RATE = 8000
LEVEL = 8000
SHORT = 0.3  # seconds of b; the others cannot end before a key comes
SOUNDS = {"bench_a": (6.0, LEVEL), "bench_b": (SHORT, -LEVEL), "bench_c": (6.0, -LEVEL)}

FLOW = """\
flow: main
title: {zh: 测试菜单, en: Bench menu}
start: a
steps:
  a:
    step: menu
    label: 甲
    clips: bench_a
    wait: 4
    keys: {"1": b, "2": c, "0": person}
    next: person
  b:
    step: menu
    label: 乙
    clips: bench_b
    wait: 4
    keys: {"1": a, "2": c, "0": person}
    next: person
  c:
    step: menu
    label: 丙
    clips: bench_c
    wait: 4
    keys: {"2": goodbye, "0": person}
    next: person
  person:
    step: queue
    label: 人工
    next: message
  message:
    step: record
    label: 留言
    next: goodbye
  goodbye:
    step: hang_up
    label: 结束
"""

NATIVE = """
[bench-a]
exten => s,1,Background(${SOUNDS}/bench_a)
 same => n,WaitExten(4)
 same => n,Hangup()
exten => 1,1,Goto(bench-b,s,1)
exten => 2,1,Goto(bench-c,s,1)
exten => 0,1,Goto(wait-for-agent,s,1)
[bench-b]
exten => s,1,Background(${SOUNDS}/bench_b)
 same => n,WaitExten(4)
 same => n,Hangup()
exten => 1,1,Goto(bench-a,s,1)
exten => 2,1,Goto(bench-c,s,1)
exten => 0,1,Goto(wait-for-agent,s,1)
[bench-c]
exten => s,1,Background(${SOUNDS}/bench_c)
 same => n,WaitExten(4)
 same => n,Hangup()
exten => 2,1,Hangup()
exten => 0,1,Goto(wait-for-agent,s,1)
"""


def lay_flows(folder: Path, shipped: Path) -> None:
    """A flows folder with this menu as its only flow, and the shipped prompts beside its own."""
    recorded = folder / "sounds" / "recorded"
    recorded.mkdir(parents=True, exist_ok=True)
    for name in ("made", "moh"):
        (folder / "sounds" / name).symlink_to(shipped / "sounds" / name)
    (folder / "main.yaml").write_text(FLOW, "utf-8")
    own = "".join(f'  {name}: {{zh: "测试。", en: "A test."}}\n' for name in SOUNDS)
    (folder / "prompts.yaml").write_text((shipped / "prompts.yaml").read_text("utf-8") + own, "utf-8")
    for name, (seconds, level) in SOUNDS.items():
        with wave.open(str(recorded / f"{name}.wav"), "wb") as out:
            out.setparams((1, 2, RATE, 0, "NONE", ""))
            out.writeframes(struct.pack("<h", level) * round(seconds * RATE))

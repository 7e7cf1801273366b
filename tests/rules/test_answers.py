"""rules/answers.yaml: every wrong placeholder is named with its line."""

from __future__ import annotations

from pathlib import Path

from gateway.core.item.answers import text_faults
from gateway.errors import Problem
from gateway.rules.answers import load_answers
from tests.web.real_site import ROOT

BAD = """\
good:
  zh: 好
  kinds: [complaint]
  text: 您好{姓名}
wrong:
  zh: 坏
  kinds: [complaint]
  text: 您好{name}，编号{编号
none:
  zh: 无
  kinds: []
  text: 您好
"""


def test_what_is_wrong_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text(BAD, "utf-8")
    problems: list[Problem] = []
    load_answers(tmp_path / "answers.yaml", problems)
    assert [(one.line, one.text.partition(":")[0]) for one in problems] == [
        (8, "the answer `wrong`"),
        (8, "the answer `wrong`"),
        (11, "the answer `none`"),
    ]


def test_our_own_answers_have_no_faults_and_need_not_be_there(tmp_path: Path) -> None:
    problems: list[Problem] = []
    answers = load_answers(ROOT / "rules" / "answers.yaml", problems)
    assert answers and not problems and not any(text_faults(one.text) for one in answers)
    assert load_answers(tmp_path / "answers.yaml", problems) == () and not problems

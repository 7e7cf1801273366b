"""What the pages of units say."""

from __future__ import annotations

from gateway.core.unit_fields import FIELD_NAMES, KIND_NAMES
from gateway.web.pages.desk_words import DESK_WORDS
from gateway.web.pages.navigation import ROLE_NAMES
from gateway.web.pages.work_page import Words

UNITS_WORDS: Words = {
    **DESK_WORDS,
    **{f"unit.{name}": names for name, names in FIELD_NAMES.items()},
    **{f"unit_kind.{kind.value}": names for kind, names in KIND_NAMES.items()},
    **{f"role.{role.value}": names for role, names in ROLE_NAMES.items()},
    "unverified": ("示例，未核实", "example, not verified"),
    "offline": ("线下办理", "works offline"),
    "closed": ("已停用", "closed"),
    "locked": ("已锁定", "locked"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "nothing": ("无", "nothing"),
    "unsaved": (
        "有未保存的修改：再点一次放弃修改并切换。",
        "Not saved: click once more to leave without saving.",
    ),
    "units_shown": ("共 %d 个单位", "%d units"),
    "made": ("建立单位", "put in"),
    "by_rules": ("规则文件", "files of rules"),
    "people_none": ("还没有人员。", "Nobody yet."),
    "cannot_be_told": (
        "没有值班电话、邮箱和传真：线下办理的工单无法送达。",
        "No telephone, mail or fax: orders cannot reach a unit that works offline.",
    ),
}

"""The error tree. Every error of ours is here; library errors never leave their adapter.

    GatewayError
    ├── OperatorError          something in a file or on the command line is wrong (exit 2)
    │   ├── SettingError       gateway.toml or an environment override
    │   ├── FlowError          a flow, its test cases or a partner file
    │   ├── PromptError        prompts.yaml or a sound file
    │   ├── RuleError          a file under rules/
    │   └── SetupError         Asterisk or another part of the set-up is missing
    ├── Refused                the other side asked for what cannot be (HTTP 4xx)
    │   ├── BadContact         fields are missing or wrong, each is named (422)
    │   ├── NotFound           no such thing, or not for this person (404)
    │   ├── NotAllowed         no token, or one without the right (401, 403)
    │   ├── Conflict           the state does not allow it: lease lost, already done (409)
    │   │   └── NotPossible    the same, with what is possible instead
    │   ├── KeyReused          one idempotency key, two different contents (409)
    │   ├── TooLarge           over a size limit (413)
    │   ├── WrongType          a file of a type we do not take (415)
    │   └── TooMany            over a rate limit (429)
    └── Unavailable            a part we need is away; ask again later (HTTP 503)
        ├── StorageDown        the database or the disk does not answer
        │   └── StorageBusy    it answers, but no connection or lock became free in time
        └── PbxDown            Asterisk does not answer, or refused our log-in

Expected outcomes (a busy partner, a duplicate) are values, not errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class GatewayError(Exception):
    """Root of the tree. `code` is stable: API clients and docs/reference/errors.md rely on it."""

    code = "internal"
    status = 500
    zh = "系统内部错误"
    en = "internal error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.en)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one file. `line` counts from 1; 0 when the file as a whole is meant."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class OperatorError(GatewayError):
    """Wrong input by whoever runs the gateway. Carries every problem found, not just the first."""

    code = "operator"
    status = 500
    zh = "配置有误"
    en = "wrong configuration"

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem("gateway", 0, p) for p in problems)
        super().__init__("\n".join(str(p) for p in self.problems))

    @classmethod
    def at(cls, file: str | Path, line: int, text: str) -> OperatorError:
        return cls(Problem(str(file), line, text))


class SettingError(OperatorError):
    code = "setting"


class FlowError(OperatorError):
    code = "flow"


class PromptError(OperatorError):
    code = "prompt"


class RuleError(OperatorError):
    code = "rule"


class SetupError(OperatorError):
    code = "setup"


class Refused(GatewayError):
    code = "refused"
    status = 400
    zh = "无法处理该请求"
    en = "the request cannot be accepted"


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field that is wrong. `field` is its API name; the texts are for a person."""

    field: str
    zh: str
    en: str


class BadContact(Refused):
    code = "bad_contact"
    status = 422
    zh = "填写内容有误"
    en = "some fields are wrong"

    def __init__(self, *faults: FieldFault) -> None:
        super().__init__("; ".join(f"{f.field}: {f.en}" for f in faults))
        self.faults = faults


class NotFound(Refused):
    code = "not_found"
    status = 404
    zh = "未找到"
    en = "not found"


class NotAllowed(Refused):
    code = "not_allowed"
    status = 403
    zh = "没有权限"
    en = "not allowed"


class NoToken(NotAllowed):
    code = "no_token"
    status = 401
    zh = "请先登录或提供有效令牌"
    en = "a valid token is needed"


class Conflict(Refused):
    code = "conflict"
    status = 409
    zh = "当前状态不允许此操作"
    en = "the present state does not allow this"


class NotPossible(Conflict):
    """`possible` are the words of what may be done instead; they stand in the answer."""

    code = "not_possible"
    zh = "当前状态不能这样办理"
    en = "the present state does not allow this move"

    def __init__(self, detail: str, possible: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.possible = possible


class KeyReused(Conflict):
    code = "key_reused"
    zh = "同一幂等键用于不同内容"
    en = "this idempotency key was used for another content"


class TooLarge(Refused):
    code = "too_large"
    status = 413
    zh = "内容超过大小限制"
    en = "over the size limit"


class WrongType(Refused):
    code = "wrong_type"
    status = 415
    zh = "不支持的文件类型"
    en = "this type of file is not taken"


class TooMany(Refused):
    code = "too_many"
    status = 429
    zh = "请求过于频繁，请稍后再试"
    en = "too many requests, try again later"


class Unavailable(GatewayError):
    code = "unavailable"
    status = 503
    zh = "服务暂时不可用，请稍后再试"
    en = "not available now, try again later"


class StorageDown(Unavailable):
    code = "storage_down"
    zh = "存储暂时不可用，请稍后再试"
    en = "storage is away, try again later"

    def __init__(self, detail: str = "", cause: str = "") -> None:
        """`cause` says what is wrong in constant words of ours: /healthz shows it to anybody."""
        super().__init__(detail)
        self.cause = cause or self.en

    def again(self) -> StorageDown:
        """A new error of the same kind and cause."""
        return type(self)(self.detail, self.cause)


class StorageBusy(StorageDown):
    code = "storage_busy"
    zh = "系统繁忙，请稍后再试"
    en = "storage is busy, try again in a moment"


class PbxDown(Unavailable):
    code = "pbx_down"
    zh = "话务系统暂时不可用"
    en = "the PBX does not answer"

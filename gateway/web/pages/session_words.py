"""Words of every page for people who log in, when the session is over or the server is away."""

from __future__ import annotations

from collections.abc import Mapping

SESSION_WORDS: Mapping[str, tuple[str, str]] = {
    "session.over": ("登录已过期，请重新登录", "Your session is over: log in again"),
    "session.kept": (
        "页面上的内容都保留，通话不受影响；登录后继续。",
        "All that stands on this page stays, and a call goes on.",
    ),
    "session.account": ("账号", "Account"),
    "session.password": ("密码", "Password"),
    "session.code": ("动态验证码（如已启用）", "One-time code, if you have one"),
    "session.log_in": ("登录", "Log in"),
    "session.wrong": ("密码或验证码不对", "Password or code is wrong"),
    "session.wait": ("尝试次数过多，请 %d 秒后再试", "Too many tries: try again in %d seconds"),
    "unreachable": (
        "网络连接已断开，内容未提交，请稍后重试",
        "no connection: nothing was sent, try again in a moment",
    ),
}

"""The words of a call at the desk: the telephone and how it is, call-backs, a session that is over."""

from __future__ import annotations

from gateway.web.pages.work_page import Words

CALL_WORDS: Words = {
    "link.off": ("未启用", "Off"),
    "link.connecting": ("连接中", "Connecting"),
    "link.ready": ("正常", "Ready to ring"),
    "link.gone": ("连接断开", "Connection lost"),
    "link.refused": ("注册被拒", "Refused"),
    "link.other": ("在另一页面", "On another page"),
    "link.microphone": ("没有麦克风", "No microphone"),
    "link.sip": ("SIP 话机", "SIP telephone"),
    "link.unreachable": ("话机离线", "Telephone away"),
    "link.help.off": ("电话尚未启用。", "The telephone is not in use."),
    "link.help.connecting": ("正在连接，几秒内会好。", "It is being connected: a few seconds."),
    "link.help.ready": ("来电会在本页振铃。", "Calls ring on this page."),
    "link.help.gone": (
        "与服务器的连接断开，正在自动重连。请检查网线或无线网络；仍不恢复，请告知值班长。",
        "Trying again by itself. Look at your cable or Wi-Fi; if it stays so, tell your shift leader.",
    ),
    "link.help.refused": (
        "服务器没有接受本页电话。请刷新页面；仍然不行，请告知管理员。",
        "Reload the page; if the telephone is refused again, tell the administrator.",
    ),
    "link.help.other": ("电话在另一页面上。", "The telephone is on another page."),
    "link.help.microphone": (
        "请插好耳机或麦克风，并在浏览器地址栏允许使用麦克风；恢复后自动接通，无需刷新。",
        "Plug your headset in and allow the microphone in the address bar; it comes back without a reload.",
    ),
    "link.help.sip": ("来电在您的 SIP 话机上振铃。", "Calls ring on your SIP telephone."),
    "link.help.unreachable": (
        "话机没有应答。请检查话机的电源和网线，或改用本页电话。",
        "Your telephone does not answer: look at its power and cable, or use this page.",
    ),
    "phone.since": ("电话在 %s 打开的另一页面上", "The telephone is on a page since %s"),
    "phone.talks": ("正在通话", "in a call"),
    "phone.takes_later": ("通话结束后接管", "Taken over after the call"),
    "device.default": ("系统默认", "The system's own"),
    "device.unnamed": ("未命名设备", "A device without a name"),
    "device.heard": ("听得到您的声音", "You are heard"),
    "device.silent": ("没有声音，请说话试试", "Nothing is heard: say something"),
    "pause.microphone": ("麦克风不可用", "No microphone"),
    "kind.internal": ("内部通话", "Between seats"),
    "call.back": ("回电", "Call-back"),
    "call.attempt": ("第%d次", "try %d"),
    "call.about": ("事项", "About"),
    "call_outcome.open": ("进行中", "going on"),
    "call_outcome.talked": ("已通话", "talked"),
    "call_outcome.message": ("留言", "left a message"),
    "call_outcome.call_back": ("要求回电", "asked for a call-back"),
    "call_outcome.served": ("自助查询", "served by the menu"),
    "call_outcome.partner": ("转协作单位", "put through to a partner"),
    "call_outcome.gave_up": ("中途放弃", "gave up"),
    "call_outcome.turned_away": ("遇忙未接入", "every line was busy"),
    "call_outcome.refused": ("未接收", "refused"),
    "call_outcome.cut_off": ("通话中断", "cut off"),
    "call_outcome.fax": ("传真", "a fax"),
    "call_outcome.not_reached": ("未接通", "not reached"),
    "call_back.again": ("重新安排回电", "Try the call-back again"),
}
"""What a call and the page's telephone say."""

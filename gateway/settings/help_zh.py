"""What each setting means, in Chinese, for the administrator's page.

English stands in the `description` of its field. A setting
without a line here fails tests/settings/test_settings.py. `trunks` have the meanings of `trunk`.
"""

from __future__ import annotations

from collections.abc import Mapping

HELP_ZH: Mapping[str, Mapping[str, str]] = {
    "centre": {
        "name": "中心名称，显示在页面上并写入回执。",
        "number": "公众拨打的号码。",
        "area_code": "区号；加区号拨打的来电同样接收。",
        "lines": "中继线路数，呼入呼出合计；超出的来电听忙音。",
        "timezone": "工作时间、登记编号和法定期限所用的时区。",
        "time_server": "校时服务器（SNTP，主机或 主机:端口），/healthz 据此核对本机时钟；留空不核对。",
    },
    "web": {
        "host": "网页服务监听的地址。",
        "port": "页面、接口和指标的端口。",
        "metrics_peers": "不用令牌即可读取 /metrics 的网段，其他须有令牌。",
        "public_url": "公众访问页面的地址；留空用主机加端口。",
        "connections": "同时的 HTTP 连接数；系统允许的打开文件数较少时相应减少。",
        "connections_per_address": "单个地址的连接数；rates.proxies 中的代理除外。",
    },
    "log": {"format": "标准错误上的日志格式：text 文本，json 每行一个对象。"},
    "agi": {
        "host": "FastAGI 服务监听的地址。",
        "port": "FastAGI 服务的端口。",
        "peers": "除本机外可以连接的网段，例如 10.89.0.0/24。",
    },
    "ami": {
        "host": "Asterisk 管理接口（AMI）的地址。",
        "port": "Asterisk 管理接口的端口。",
        "user": "管理接口用户；密码在安装时生成，保存在 var/secrets。",
    },
    "asterisk": {
        "manage": "随网关启动和停止 Asterisk；由 systemd 或 compose 管理时关闭。",
        "conf": "配置模板目录，填好后放到位。",
        "http_host": "Asterisk HTTP 服务地址（浏览器话机的 WebSocket）。",
        "http_port": "Asterisk HTTP 服务端口。",
        "sip_host": "SIP 和 RTP 绑定的地址。",
        "sip_port": "SIP 端口（UDP）。",
        "keep_logs": "Asterisk 旧日志保留天数，每天一个文件。",
        "ban_after": "十分钟内 SIP 登录失败达到此数的地址被拒绝（403），中继和坐席话机除外；0 不拒绝。",
        "ban_minutes": "拒绝多长时间（分钟）。",
        "phone_nets": "坐席话机所在网段，只接收这些网段和中继的 SIP；留空不限制。",
        "media_host": "话机和运营商向本机发送语音的地址；留空用 asterisk.sip_host。",
        "external_host": "本机在 NAT 之后时，外部访问本机的地址；对 local_nets 以外的对方使用。",
        "local_nets": "NAT 内侧的网段。",
        "tls_port": "SIP 的 TLS 端口；有中继使用 tls 时才监听。",
        "tls_cert_file": "对方以 TLS 连接时出示的证书。",
        "tls_key_file": "该证书的私钥。",
        "tls_ca_file": "用来核对对方证书的证书；留空用系统自带的。",
        "ask_phones": "每隔多少秒查看话机是否在线；有话机从不应答时设为 0。",
        "silence_seconds": (
            "话机多少秒没有语音和 RTCP 时，在通话中询问其是否还在；无应答的，32 至 64 秒后结束通话。"
        ),
        "info_keys": "按键由 SIP INFO 接收，不随语音（RFC 4733）；仅用于只发 INFO 的运营商。",
        "info_seats": "info_keys 开启时，话机以 SIP INFO 发送按键的坐席；每个按键只计一次。",
        "rtp_first": "第一个 RTP 端口。",
        "rtp_last": "最后一个 RTP 端口。",
    },
    "trunk": {
        "id": "在消息和文件名中的标识，例如 b 或 fxo。",
        "peers": "运营商来电的地址。",
        "far_end": "呼出电话和协作单位送往何处（主机:端口）。",
        "codecs": "向运营商提供的编码，按优先顺序。",
        "transport": "SIP 传输方式：udp、tcp 或 tls；tls 核对对方证书。",
        "srtp": "只用加密语音（SRTP），双向；密钥由 transport 的 tls 保护。",
        "user": "登录用户，用于呼叫和注册；留空表示运营商按地址识别。",
        "password_file": "密码文件；留空为 var/secrets 下的 trunk 或 trunk-<id>。",
        "realm": "密码适用的域（realm）；留空不限。",
        "register": "向对方注册，使来电能找到本机。",
        "domain": "From 和注册中的域名；留空用本机地址和 far_end。",
        "from_user": "From 中的用户，运营商要求填写账号时使用；留空为显示号码。",
        "proxy": "出局代理，主机:端口；留空不用。",
        "number_form": (
            "号码格式：national（03572025100）、plus（+86357…）、plain（86357…）、zeros（0086357…）。"
        ),
        "own_area": "本地号码也带区号发送。",
        "prefix": "每个呼出号码前加拨的数字，例如经小交换机取外线。",
        "caller_prefix": "对方在主叫号码前加的数字，接收时去掉。",
        "called_as": "其来电对应的本方号码，不论对方送来什么（模拟网关）；留空按送来的号码。",
        "ask_seconds": "每隔多少秒查看中继是否在线；0 不查看，另有中继时为 10。",
    },
    "queue": {
        "ring_seconds": "一个坐席振铃多少秒后转下一个。",
        "wrap_up_seconds": "通话结束后不振铃的话后处理时间（秒）。",
        "longest_wait": "排队超过多少秒转入后续流程（留言）。",
        "longest_hold": "先行沟通时来电人保持超过多少秒，接回坐席。",
        "tell_listened": "值班长监听时，以语音告知坐席。",
        "announce_seconds": "每隔多少秒播报排队位次和预计等候时间。",
        "full_at": "最多同时排队人数；线路数也限制它。",
        "call_back_lines": "空闲线路不少于此数时才拨回电。",
        "call_back_again": "回电无人接听后，隔多少分钟再拨，每次一个数；之后由坐席拨打。",
        "rate_calls": "坐席挂机后，来电人可按 1 至 5 评价本次通话（步骤 rate）。",
        "survey_free_lines": "自动回访拨打时，为来电人留出的线路数。",
        "survey_ring_seconds": "自动回访振铃多少秒算未接通。",
    },
    "outgoing": {
        "allow": (
            "允许呼出的号码（拨号模式）：X 为 0-9，Z 为 1-9，"
            "N 为 2-9，[3-9] 为范围，末尾的点表示一位以上数字。"
        ),
        "per_day": "一天内此类呼出总数（按 UTC，即北京时间 8:00 至次日 8:00）。",
        "per_number": "一天内呼同一号码的次数；转接协作单位不计。",
        "often": (
            "不受 per_number 限制的号码（拨号模式）："
            "默认为公共服务号码；坐席自行拨打的协作单位号码也加在这里。"
        ),
    },
    "recording": {
        "calls": "对通话录音，自排队起（开场白中告知）。",
        "longest_message": "留言最长秒数。",
    },
    "fax": {
        "number": "传真专用号码，按运营商送来的样子；留空没有。其来电与其他来电一样占用线路。",
        "station": "本机向对方报出的标识，最多 20 位数字；留空用 fax.number。",
        "t38": "除语音方式外也接收 T.38；没有或失败时按语音方式接收。",
        "detect_seconds": "接听后多少秒内识别对方是否为传真机，坐席接听后再识别同样秒数；0 不识别。",
        "longest_minutes": "一份传真占线超过多少分钟即结束，已收的页保留。",
        "pages": "一份传真最多转成图片的页数；原件保留全部页。",
        "reading": "安装了识别程序时，由机器识别页面文字。",
    },
    "fax_out": {
        "enabled": "发送传真：给来件人的回执、给协作单位的转办单。",
        "allow": "允许发往的号码（正则表达式）。",
        "lines": "空闲线路不少于此数时才拨传真。",
        "per_number": "一天内发往同一号码的份数。",
        "per_hour": "一小时内发送总份数。",
        "tries": "一份传真最多拨打次数，间隔逐次加长。",
    },
    "flows": {
        "folder": "流程草稿、提示音、声音文件和协作单位所在目录。",
        "entry": "来电进入的流程；direct 直接转人工。",
    },
    "database": {"url": "PostgreSQL 的 SQLAlchemy 地址；留空用 var/ 下的 SQLite。"},
    "storage": {
        "encrypt_files": (
            "用密钥加密附件、原始邮件、传真页面和录音；已有的仍可读取，"
            "`gateway files encrypt` 可将其一并加密。"
        ),
        "key_file": "密钥文件（64 位十六进制），宜放在另一磁盘；首次启动生成；留空为 var/secrets/files.key。",
    },
    "backup": {
        "folder": "`gateway backup` 写入的目录，应在另一磁盘或另一台机器；留空不备份。",
        "passphrase_file": "口令文件，用于加密备份中的密钥和密码。",
        "at": "每天自动备份的时刻；留空不自动备份。",
        "keep": "保留的备份份数，更早的删除。",
        "oldest_hours": "备份超过多少小时，/healthz 和 doctor 报警。",
    },
    "retention": {
        "enabled": (
            "每天把超过 rules/retention.yaml 保存期限的内容移入待删，"
            "30 天后彻底删除；关闭时，日志每天报告超期数量。"
        ),
    },
    "rules": {"folder": "分时段的法规和城市资料所在目录。"},
    "mail_in": {
        "listen": "以 SMTP 和 LMTP 接收邮件。",
        "host": "SMTP 和 LMTP 监听的地址。",
        "port": "SMTP 和 LMTP 监听的端口。",
        "addresses": "本方收信地址，其他地址拒收；留空全部拒收。",
        "max_mb": "邮件最大 MB 数（2 的 20 次方字节）。",
    },
    "mail_out": {
        "host": "发信服务器；留空不发邮件。",
        "port": "其端口：starttls 通常为 587，tls 为 465。",
        "tls": "none、starttls 或 tls；不会低于所设。",
        "ca_file": "信任的证书文件；留空用系统自带的。",
        "user": "登录用户；留空不登录。",
        "password_file": "密码文件；留空为 var/secrets 下的 mail-out。",
        "sender": "发件人（From）地址。",
        "name": "发件人名称；留空用 centre.name。",
        "inbox": "接收回信的地址，加号后带标记；留空为 mail_in 的第一个。",
        "timeout_seconds": "等待服务器一次应答的秒数。",
        "per_person": "一天内发往同一地址的邮件数，超出的不再生成。",
        "per_item": "一天内关于同一事项的邮件数。",
        "text_kinds": (
            "哪些类别的答复、回复和所需材料全文写入邮件；其他类别以及举报和要求保密的，邮件只说明在哪里查看。"
        ),
    },
    "sms": {
        "url": "短信网关地址：https，本机可用 http；留空不发短信。",
        "method": "POST、PUT 或 GET。",
        "content_type": "请求体格式；JSON 和表单中的值按其规则转义。",
        "headers": "其他请求头，例如 `Authorization: Bearer {secret}`。",
        "body": "请求体；{phone}、{text}、{id}、{secret} 自动填入，url 和 headers 中也可使用。",
        "accepted": "应答须符合此表达式才算已发送，例如 '\"code\":0'。",
        "secret_file": "{secret} 所用令牌的文件；留空为 var/secrets 下的 sms。",
        "sign_file": "签名用 whsec_… 的文件；留空为 var/secrets 下的 sms-signature，自动生成一次。",
        "most_segments": "短信最长条数（每条 67 字），超出截断。",
        "allow_http": "允许以 http 访问其他机器。",
        "timeout_seconds": "等待应答的秒数。",
    },
    "outbox": {
        "give_up_hours": "持续失败多少小时的外发成为未送达件；推送则停用。",
        "due_days": "期限届满前多少天发出 item.due，届满后再发一次。",
    },
    "uploads": {
        "files": "一张表单最多文件数。",
        "file_mb": "单个文件最大 MB 数（2 的 20 次方字节）。",
        "types": "接收的文件类型，按文件内容判断，不看文件名。",
        "clamd": "逐个文件查毒的 clamd：主机:端口 或套接字；留空不查毒。",
        "slowest_kb": "上传 30 秒后每秒低于多少 KB 即中断。",
        "at_once": "同时上传数；超出后每个新地址仍可一个，最多 4 倍。",
        "at_once_per_address": "同一地址同时上传数。",
    },
    "rates": {
        "enabled": "限制单个地址或令牌的请求频率。",
        "address_burst": "没有令牌的单个地址一次可发的请求数。",
        "address_per_minute": "此后每分钟再增加多少。",
        "submissions_burst": "单个地址一次可提交的表单数（登记、补充、查询）。",
        "submissions_per_minute": "此后每分钟再增加多少。",
        "all_submissions_burst": "所有未登录地址合计一次可提交的表单数。",
        "all_submissions_per_minute": "此后每分钟再增加多少。",
        "mail_sender_burst": "经 SMTP 和 LMTP，单个信封发件人一次可发的邮件数。",
        "mail_sender_per_minute": "此后每分钟再增加多少；超出的回 451，稍后重试。",
        "mail_burst": "所有发件人合计一次可发的邮件数。",
        "mail_per_minute": "此后每分钟再增加多少。",
        "token_burst": "单个令牌一次可发的请求数。",
        "token_per_minute": "此后每分钟再增加多少。",
        "proxies": "前置代理的网段；只采信其 X-Forwarded-For。",
    },
    "pages": {
        "enabled": "开启公众页面：首页、登记、查询。",
        "work_bits": "浏览器提交前的工作量证明位数，每加一位计算量加倍。",
        "slow_seconds": "没有工作量证明的表单，发出多少秒后才接收。",
    },
    "accounts": {
        "hours": "登录多少小时后须重新登录。",
        "idle_minutes": "工作台多少分钟没有打开，须重新登录。",
        "identity_roles": "写明理由后可查看举报人身份的角色；承办人和单位负责人仅限本单位工单的事项。",
        "inside": (
            "本中心网段，例如 10.8.0.0/16；从其他地方登录须用动态验证码，"
            "且不能在外停用；留空则仅启用了验证码的账号需要。"
        ),
        "exports_approved": (
            "`gateway export` 和 `gateway person export` 须另一人批准：--approved-by；演示时除外。"
        ),
    },
    "demo": {
        "enabled": "演示账号和浏览器话机；正式使用前关闭。",
        "visitor_minutes": "浏览器话机通话最长分钟数，同时只有一路。",
        "channels": (
            "/mailbox 页面（显示外发内容，并可向热线发送邮件和传真）和两个自动应答的协作单位；都在本机。"
        ),
        "items": "`make run` 在空数据库中放入的虚构事项数；0 不放。",
    },
    "agents": {
        "id": "接口和命令行中的标识，例如 agent1。",
        "name": "屏幕上显示的姓名。",
        "seat": "坐席话机的 SIP 用户，例如 8001。",
    },
    "numbers": {
        "number": "不带区号或完整的号码：12345、03572025100、4008001234。",
        "flow": "来电进入的流程；留空用 flows.entry。",
    },
    "mailboxes": {
        "id": "在消息和台账中的标识；换新标识则全部重新查看。",
        "host": "IMAP 服务器。",
        "port": "其端口。",
        "tls": "从第一个字节起使用 TLS，并核对证书。",
        "user": "登录用户。",
        "password_file": "密码文件；留空为 var/secrets 下的 mailbox-<id>。",
        "folder": "收取邮件的文件夹。",
        "after": "邮件成为事项后如何处理：keep 保留，seen 标为已读，move 移走。",
        "done_folder": "移往的文件夹，须已存在。",
        "since": "只收取此日及以后到达的邮件，例如 2026-05-01。",
        "poll_seconds": "服务器不主动通知新邮件时，每隔多少秒查看。",
    },
    "webhooks": {
        "id": "在消息和台账中的标识。",
        "url": "事件推送到的地址：https，本机可用 http。",
        "secret_file": "密钥 whsec_… 的文件；留空为 var/secrets 下的 webhook-<id>，自动生成一次。",
        "events": "推送哪些事件：item.new、item.changed、item.due。",
        "allow_http": "允许以 http 推送到其他机器；内容在途中可被读取。",
        "timeout_seconds": "等待应答的秒数。",
    },
}
SAME = {"trunks": "trunk"}
SECTIONS_ZH = {
    "centre": "中心",
    "web": "网页服务",
    "log": "日志",
    "agi": "FastAGI",
    "ami": "管理接口",
    "asterisk": "Asterisk",
    "trunk": "中继",
    "queue": "排队",
    "outgoing": "呼出",
    "recording": "录音",
    "fax": "传真",
    "fax_out": "发传真",
    "flows": "语音流程",
    "database": "数据库",
    "backup": "备份",
    "storage": "存储",
    "retention": "保存期限",
    "rules": "规则",
    "mail_in": "收信",
    "mail_out": "发信",
    "sms": "短信",
    "outbox": "外发",
    "uploads": "上传",
    "rates": "频率限制",
    "pages": "公众页面",
    "accounts": "账号",
    "demo": "演示",
    "agents": "坐席",
    "numbers": "号码",
    "trunks": "其他中继",
    "mailboxes": "邮箱",
    "webhooks": "推送",
}


def help_zh(section: str, name: str) -> str:
    """The meaning of a setting in Chinese; "" for one that has no line here."""
    return HELP_ZH.get(SAME.get(section, section), {}).get(name, "")

"""`gateway doctor`: asks Asterisk and the gateway how they are, and says what to do."""

from __future__ import annotations

import argparse
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.flows.prompts import load_prompts
from gateway.keeping.encryption import look
from gateway.keeping.last import read_last
from gateway.pbx.asterisk_tree import find
from gateway.pbx.conf import Places
from gateway.pbx.doctor import Finding, Verdict, examine
from gateway.settings.cache import cache_home
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage.files import Files

LOOKING = 3.0  # seconds for looking how files lie
LIMIT = 5.0  # seconds for the web side's answer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway doctor`."""
    parser.add_argument("--json", action="store_true", help="for machines")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when nothing is bad, else 1."""
    settings = load()
    prompts = load_prompts(settings.root / settings.flows.folder / "prompts.yaml").by_id
    asterisk = find(cache_home()) if settings.asterisk.manage else None
    findings = [
        *examine(settings, asterisk, prompts),
        *_web(settings),
        *_backup(settings),
        *_encryption(settings),
    ]
    if arguments.json:
        print(json.dumps([[f.verdict, f.what, f.advice] for f in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            print(
                f"{finding.verdict:<5}{finding.what}"
                + (f"\n     -> {finding.advice}" if finding.advice else "")
            )
    return 1 if any(f.verdict is Verdict.BAD for f in findings) else 0


def _backup(settings: Config) -> Iterator[Finding]:
    last, oldest = read_last(settings.var), settings.backup.oldest_hours
    age = last.age(datetime.now(UTC))
    if age is None:
        if settings.demo.enabled and not settings.backup.folder:
            yield Finding(Verdict.OK, "演示，没有备份 / a demo without a backup")
            return
        advice = "设置 backup.folder 并定期运行 / set backup.folder and run `gateway backup`"
        yield Finding(Verdict.WARN, "没有备份 / there is no backup", last.error or advice)
        return
    zh = f"上次备份 {last.name}，{age / 3600:.1f} 小时前，{last.folder}"
    what = f"{zh} / last backup: {last.name}, {age / 3600:.1f} h, {last.folder}"
    if age > oldest * 3600:
        yield Finding(Verdict.BAD, what, last.error or f"超过 / older than {oldest} h: `gateway backup`")
    elif not last.checked_at:
        yield Finding(Verdict.WARN, what, "从未试过恢复 / never tried: `gateway backup --check`")
    else:
        yield Finding(Verdict.OK, what, last.error)


def _encryption(settings: Config) -> Iterator[Finding]:
    if not settings.storage.encrypt_files:
        what = "附件与录音未加密 / attachments and recordings are not encrypted"
        advice = "设置 storage.encrypt_files，或加密磁盘 / set storage.encrypt_files, or encrypt the disk"
        verdict = Verdict.OK if settings.demo.enabled else Verdict.WARN
        yield Finding(verdict, what, "" if settings.demo.enabled else advice)
        return
    looked = look(Files(settings.var / "files"), Places(settings.var).recordings, LOOKING)
    what = f"{looked.encrypted} 个文件已加密 / files are encrypted, {looked.clear} 个未加密 / clear"
    what += "" if looked.whole else "（未看完 / not all were looked at）"
    if looked.clear:
        yield Finding(Verdict.WARN, what, "gateway files encrypt")
    else:
        yield Finding(Verdict.OK, what)


def _web(settings: Config) -> Iterator[Finding]:
    url = f"http://{settings.web.host}:{settings.web.port}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=LIMIT) as answer:
            health = json.load(answer)
            yield Finding(Verdict.OK, f"{url}: {health['status']}")
            for part in health.get("others", ()):
                if not part["ok"]:
                    yield Finding(Verdict.WARN, _named(part["name"], part["detail"]), "服务降级 / degraded")
    except urllib.error.HTTPError as error:
        yield Finding(
            Verdict.BAD, f"{url}: {error.read().decode()[:200]}", "见上文各项 / see the parts named"
        )
    except (OSError, ValueError) as error:
        yield Finding(Verdict.BAD, f"{url}: {error}", "gateway 没有运行 / the gateway does not run")


def _named(name: str, detail: str) -> str:
    """A detail in both languages with its part's name before each."""
    zh, slash, en = detail.partition(" / ")
    return f"{name}: {zh} / {name}: {en}" if slash else f"{name}: {detail}"

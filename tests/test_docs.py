"""Documentation that cannot fall behind: what the code offers must stand in the pages."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from gateway.settings.show import SETTINGS
from gateway.setup import reference

ROOT = Path(__file__).resolve().parents[1]
PAGES = [p for p in sorted(ROOT.rglob("*.md")) if not {".venv", "var", "node_modules"} & set(p.parts)]

# Hosts of package registries: each machine has its own way to them, so none stands in the repo.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("snapshot", "debian", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
]
MACHINE_PATH = re.compile(rb"(?<![\w.$}~>-])/(?:work|root|tmp|Users|home)/\w[\w.-]*")
# Where such a path means the same on every machine: in a container's own file system.
PATHS_ALLOWED_IN = ("docker/", "docker-compose.yml")


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def tracked() -> list[Path]:
    """Files under version control that exist; sounds and pictures are read as bytes like the rest."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def test_tables_made_from_the_code_are_fresh() -> None:
    old = [str(page.relative_to(ROOT)) for page, _ in reference.old_pages(ROOT)]
    assert old == [], "run `make docs`"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: f"{s.section}.{s.name}")
def test_setting_has_a_help_line(setting: object) -> None:
    line = getattr(setting, "help", "")
    assert line.endswith(".")
    assert "|" not in line, "it would break the table"


def test_error_codes_are_unique() -> None:
    codes = re.findall(r"^\| `(\w+)`", reference.errors_table(), re.M)
    assert len(codes) == len(set(codes)) > 10


def names_in(folder: str) -> list[str]:
    """The modules and packages of a folder."""
    paths = [
        p for p in sorted((ROOT / folder).iterdir()) if p.suffix == ".py" or (p / "__init__.py").exists()
    ]
    names = [p.stem for p in paths if not p.stem.startswith("_")]
    assert names, f"{folder} has no modules"
    return names


def test_every_step_stands_in_the_flow_language() -> None:
    page = ROOT / "docs/reference/flow-language.md"
    headings = re.findall(r"^#+ .*`(\w+)`", page.read_text("utf-8"), re.M)
    missing = [step for step in names_in("gateway/core/flow/steps") if step not in headings]
    assert missing == [], "docs/reference/flow-language.md has a heading for every step"


def test_every_channel_stands_in_the_docs() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES if ROOT / "docs" in page.parents)
    missing = [c for c in names_in("gateway/channels") if not re.search(rf"channels/{c}[./`]", text)]
    assert missing == [], "a page in docs/ names `channels/<file>.py` or `channels/<package>/`"


# A module by its file, as pages and docstrings name it; not a part of a longer word or address.
MODULE = re.compile(r"(?<![\w/.{}%\]-])(?:[a-z_0-9]+/)*[a-z_0-9]+\.py\b")


def test_modules_that_are_named_exist() -> None:
    """Of those in pages, docstrings and comments."""
    files = [f"/{path.relative_to(ROOT)}" for path in tracked()]
    pages = [page for page in PAGES if page.name != "CHANGELOG.md"]
    gone = [
        f"{source.relative_to(ROOT)}: {name}"
        for source in (
            *pages,
            *sorted((ROOT / "gateway").rglob("*.py")),
            *(ROOT / "asterisk_conf").glob("*.conf"),
        )
        for name in MODULE.findall(source.read_text("utf-8"))
        if not any(file.endswith(f"/{name}") for file in files)
    ]
    assert gone == []


ARCHITECTURE = "docs/developing/architecture.md"


def test_every_package_stands_in_the_architecture() -> None:
    entries = [
        p.name for p in (ROOT / "gateway").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()
    ]
    text = text_of(ARCHITECTURE)
    told = {name for row in re.findall(r"^\| (.*?) \|", text, re.M) for name in re.findall(r"`([^`]+)`", row)}
    shown = {name.removesuffix("/") for name in told}
    assert [name for name in sorted(entries) if not name.startswith("__") and name not in shown] == []


def test_modules_in_tables_of_the_architecture_exist() -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, | over )?)+) \|", text_of(ARCHITECTURE), re.M)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    stems = {path.stem for path in (ROOT / "gateway").rglob("*.py")}
    assert len(named) > 40 and [name for name in named if name not in stems] == []


def test_the_layers_are_drawn_as_they_are_checked() -> None:
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    drawn = re.findall(r"^```\n(cli\n.*?)^```", text_of(ARCHITECTURE), re.M | re.S)[0].splitlines()
    assert [line.split() for line in drawn] == [
        re.split(r" [|:] ", layer) for layer in contracts[0]["layers"]
    ]


def targets() -> list[str]:
    return re.findall(r"^([a-z]+):.*## ", text_of("Makefile"), re.M)


@pytest.mark.parametrize("target", targets())
def test_make_target_stands_in_contributing(target: str) -> None:
    assert f"`make {target}`" in text_of("CONTRIBUTING.md")


def test_make_help_lists_every_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in shown.splitlines() if line.startswith("make ")] == targets()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            broken.append(target)
    assert broken == []


def chinese_of(page: Path) -> Path:
    return page.with_suffix(".zh.md")


IN_CHINESE = [p for p in PAGES if ROOT / "docs" in p.parents and chinese_of(p).exists()]


def test_every_manual_stands_in_chinese() -> None:
    manuals = [p for p in PAGES if p.parent == ROOT / "docs/using" and not p.name.endswith(".zh.md")]
    assert [p.name for p in manuals if p not in IN_CHINESE] == []


@pytest.mark.parametrize("page", IN_CHINESE, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_two_languages_lead_to_each_other_and_show_the_same(page: Path) -> None:
    english, chinese = page.read_text("utf-8"), chinese_of(page).read_text("utf-8")
    assert f"({chinese_of(page).name})" in english
    assert f"[English]({page.name})" in chinese
    pictures = [set(re.findall(r"pictures/[\w.-]+", text)) for text in (english, chinese)]
    assert pictures[0] == pictures[1]


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(text: str) -> set[str]:
    """Anchors of a page's headings, made as the usual viewers make them."""
    headings = re.findall(r"^#+ +(.+?)\s*$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_no_file_names_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        for host in REGISTRIES
        if host.encode() in path.read_bytes()
    ]
    assert found == []


def test_no_file_names_a_path_of_one_machine() -> None:
    found = []
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if not name.startswith(PATHS_ALLOWED_IN) and path.suffix not in (".wav", ".png"):
            found += [f"{name}: {hit.decode()}" for hit in MACHINE_PATH.findall(path.read_bytes())]
    assert found == []

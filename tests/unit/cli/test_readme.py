"""The README says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main

from faxmodem.cli.main import app
from faxmodem.jobs.outcomes import to_markdown

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


def test_the_table_of_outcomes_is_the_one_in_force() -> None:
    table = README.split("<!-- outcomes -->\n\n")[1].split("\n<!-- end -->")[0]
    assert table == to_markdown()


def test_every_verb_is_named() -> None:
    group = typer.main.get_command(app)
    verbs = getattr(group, "commands", {})
    assert set(verbs) == {
        "check",
        "emulate",
        "explain",
        "loopback",
        "poll",
        "ports",
        "probe",
        "profiles",
        "receive",
        "replay",
        "send",
    }
    for verb in verbs:
        assert re.search(rf"\b{verb}\b", README), f"the README does not mention `faxmodem {verb}`"


def test_options_in_the_readme_exist() -> None:
    group = typer.main.get_command(app)
    commands = getattr(group, "commands", {}).values()
    known = {
        name for command in commands for option in command.params for name in (*option.opts, *option.secondary_opts)
    }
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", README))
    assert shown <= known

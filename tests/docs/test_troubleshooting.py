"""Every message that the troubleshooting page explains is one that devenv says."""

from __future__ import annotations

from tests.command_line import ROOT
from tests.docs.markdown import inline_code
from tests.sources import modules

PAGE = ROOT / "docs" / "troubleshooting.md"
TITLES = {number for number, line in enumerate(PAGE.read_text(encoding="utf-8").splitlines(), 1) if line[:4] == "### "}
MESSAGES = [code for number, code in inline_code(PAGE) if number in TITLES]
SOURCE = "\n".join(module.text for module in modules("devenv"))


def test_every_message_that_is_explained_is_said() -> None:
    assert MESSAGES
    assert [message for message in MESSAGES if message not in SOURCE] == []

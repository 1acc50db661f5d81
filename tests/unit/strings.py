"""Strings that formats stumble over, as hypothesis strategies; whoever carries text must carry these."""

from __future__ import annotations

from hypothesis import strategies as st

NASTY = (
    *("$", "$$", "$HOME", "${HOME}", "$${HOME}", "${X:-y}", "${X?no}", "$(id)", "`id`", "a$", "%s", "{{x}}", "{x.y}"),
    *("yes", "no", "on", "null", "~", "true", "0x1f", "0o7", "1e3", "1_000", "12:30:45", "2001-01-01", ".inf", "="),
    *("", " ", "  x", "x  ", "\t", "\ttab", "#", "# x", "a # b", ": ", "a: b", "- a", "? a", "| x", "> x", "&a", "*a"),
    *("'", '"', "it's", '"quoted"', "'''", '"""', "\\", "\\n", "\\\\", "a\\", "!tag", "@x", "%TAG", "---", "..."),
    *(
        "\n",
        "a\nb",
        "a\n",
        "\na",
        "a\n\n",
        "\r",
        "\r\n",
        "a\rb",
        "\x85",
        "a\x85b",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\xa0",
    ),
    *(
        "\x01",
        "\x07",
        "\x08",
        "\x1b[31m",
        "\x7f",
        "\x9f",
        "\ue000",
        "\ufffe",
        "\uffff",
        "\U0010ffff",
        "é",
        "日本",
        "👩‍👩‍👧",
    ),
    *("x" * 3000, "a b " * 500, "\u202eabc"),
)
"""What a NUL or half a surrogate pair would be is missing: no process can be given them, and the manifest says so."""

characters = st.characters(codec="utf-8", exclude_characters="\0")
markup = st.text(st.sampled_from("$ {}'\"\\\n\r\t#:a"), max_size=12)
texts = st.sampled_from(NASTY) | st.text(characters, max_size=30) | markup

"""Judges a List-Unsubscribe header by RFC 2369 and RFC 8058, in Mailpit's words; follows no link."""

from __future__ import annotations

import re

MAIL = re.compile(r"mailto:[a-zA-Z0-9]")
WEB = re.compile(r"https?://[a-zA-Z0-9]", re.IGNORECASE)


def facts(header: str, post: str) -> dict[str, object]:
    """What the API tells of it; without the header nothing."""
    if not header:
        return {"Header": "", "Links": [], "Errors": "", "HeaderPost": ""}
    links, errors = judge(header)
    return {"Header": header, "Links": links, "Errors": ", ".join(errors), "HeaderPost": post}


def judge(header: str) -> tuple[list[str], list[str]]:
    """The links that can be used, and what is wrong."""
    value = re.sub(r"\(.*?\)", "", header.strip(), flags=re.DOTALL).strip()
    found = re.findall(r"<(.*?)>", value)
    if not found:
        return [], [f'"{value}" no valid unsubscribe links found']
    if not (value.startswith("<") and value.endswith(">")):
        return [], [f'"{value}" should be enclosed in <>']
    if len(found) > 2:
        return [], [f'"{value}" should include a maximum of one email and one HTTP link']
    if any(not re.fullmatch(r"\s*,\s*", between) for between in re.findall(r">(.*?)<", value, re.DOTALL)):
        return [], [f'"{value}" <> should be split with a comma and optional spaces']
    links: list[str] = []
    errors: list[str] = []
    for link in found:
        if problem := _problem(link, links):
            errors.append(f'"{link}" {problem}')
        else:
            links.append(link)
    return links, errors


def _problem(link: str, before: list[str]) -> str:
    if re.search(r"\s", link):
        return "should not contain spaces"
    if MAIL.match(link):
        return "should only contain one mailto:" if any(map(MAIL.match, before)) else ""
    if WEB.match(link):
        return "should only contain one HTTP link" if any(map(WEB.match, before)) else ""
    return "should start with either http(s):// or mailto:"

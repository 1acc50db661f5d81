"""Takes a shell script apart into the commands it may run; knows no command but `cd`, and guesses nothing.

What can't be taken apart surely raises UnclearError, and whoever asked must take it that the script does anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from devenv.layout.pattern import clean
from devenv.layout.words import Command, Word, is_wild, read_word

_LOOPS = 20
_METHODS = {
    **dict.fromkeys(("list", "program", "compound_statement", "do_group"), "_sequence"),
    **dict.fromkeys(("command", "test_command"), "_command"),
    **dict.fromkeys(("subshell", "command_substitution", "process_substitution"), "_apart"),
    **dict.fromkeys(("if_statement", "elif_clause", "else_clause", "case_statement", "case_item"), "_maybe"),
    **dict.fromkeys(("while_statement", "c_style_for_statement"), "_maybe"),
    **dict.fromkeys(("negated_command", "declaration_command"), "_each"),
    "redirected_statement": "_redirected",
    "pipeline": "_pipeline",
    "for_statement": "_for",
    "variable_assignment": "_assign",
    "unset_command": "_unset",
}
_REDIRECTS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})


class UnclearError(ValueError):
    """A script that can't be taken apart; the message says why."""


@dataclass
class _State:
    folder: str | None
    variables: dict[str, str | None]
    sure: bool = True
    strict: bool = True  # what fails here fails the whole script

    def copy(self, *, sure: bool | None = None) -> _State:
        certain = self.sure if sure is None else sure and self.sure
        return _State(self.folder, dict(self.variables), certain, self.strict)


def split(script: str, folder: str | None, variables: Mapping[str, str]) -> list[Command]:
    """The commands of a script in their order, run in `folder` with these variables known. Raises UnclearError."""
    source = script.encode()
    tree = _parser().parse(source)
    if tree.root_node.has_error:
        raise UnclearError("its shell syntax is not clear")
    splitter = _Splitter(source)
    try:
        splitter.visit(tree.root_node, _State(folder, dict(variables)))
    except RecursionError as error:
        raise UnclearError("it is nested too deep") from error
    return splitter.found


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


@dataclass
class _Splitter:
    source: bytes
    found: list[Command] = field(default_factory=list)

    def visit(self, node: Node, state: _State) -> None:
        """Go through a statement; what it changes for those behind it is in `state` afterwards."""
        kind = node.type
        method = _METHODS.get(kind)
        if method:
            getattr(self, method)(node, state)
        elif kind in _REDIRECTS or kind == "function_definition":
            raise UnclearError(f"it has a {kind.replace('_', ' ')}")
        elif kind not in ("comment", "variable_name"):
            self.word(node, state)  # as behind `case` or `export`

    def _apart(self, node: Node, state: _State) -> None:
        """What changes nothing outside of itself."""
        self._each(node, state.copy())

    def _unset(self, node: Node, state: _State) -> None:
        state.variables.update((self._text(child), None) for child in node.named_children)

    def _each(self, node: Node, state: _State) -> None:
        for child in node.named_children:
            self.visit(child, state)

    def _sequence(self, node: Node, state: _State) -> None:
        """Statements one after the other; what stands behind `||` may not run, nor what a background job changes."""
        children = [child for child in node.children if child.type != "comment"]
        last = next((child for child in reversed(children) if child.is_named), None)
        strict = state.strict
        for number, child in enumerate(children):
            if not child.is_named:
                continue
            before = children[number - 1].type if number else ""
            following = children[number + 1].type if number + 1 < len(children) else ""
            state.strict = strict and (node.type == "list" or child == last)
            if before == "||" or following == "&" or (before == "&&" and not strict):
                self._unsure(child, state)
            elif following == "||" and child.type == "list":
                self._either(child, state)
            else:
                self.visit(child, state)
        state.strict = strict

    def _either(self, node: Node, state: _State) -> None:
        """The left side of `||`: only its first command is sure to run."""
        first, *others = node.named_children
        if first.type == "list":
            self._either(first, state)
        else:
            self.visit(first, state)
        for child in others:
            self._unsure(child, state)

    def _unsure(self, node: Node, state: _State) -> None:
        branch = state.copy(sure=False)
        self.visit(node, branch)
        self._join(state, branch)

    def _join(self, state: _State, branch: _State) -> None:
        """What holds whether or not a branch was taken."""
        if branch.folder != state.folder:
            state.folder = None
        for name, value in branch.variables.items():
            if state.variables.get(name) != value:
                state.variables[name] = None

    def _maybe(self, node: Node, state: _State) -> None:
        """What runs under a condition: each branch begins with what held before the first of them."""
        start = state.copy(sure=False)
        if node.type in ("while_statement", "c_style_for_statement"):
            start.variables.update(dict.fromkeys(self._assigned(node)))
        conditions = node.children_by_field_name("condition")
        for child in conditions:
            if child.is_named:
                self.visit(child, start)
        first = start.copy()
        for child in node.named_children:
            if child in conditions:
                continue
            if child.type in ("elif_clause", "else_clause", "case_item"):
                other = start.copy()
                self._maybe(child, other)
                self._join(state, other)
            else:
                self.visit(child, first)
        self._join(state, first)

    def _for(self, node: Node, state: _State) -> None:
        variable = node.child_by_field_name("variable")
        body = node.child_by_field_name("body")
        if variable is None or body is None:
            raise UnclearError("it has a loop of an unusual form")
        name = self._text(variable)
        words = [self.word(child, state) for child in node.children_by_field_name("value")]
        if 0 < len(words) <= _LOOPS and all(word.text is not None and not word.wild for word in words):
            for word in words:
                state.variables[name] = word.text
                self.visit(body, state)
        else:
            branch = state.copy(sure=False)
            branch.variables.update(dict.fromkeys([name, *self._assigned(body)]))
            self.visit(body, branch)
            self._join(state, branch)

    def _assigned(self, node: Node) -> Iterator[str]:
        """Every variable that a statement sets: in a loop its value depends on the round."""
        for child in node.named_children:
            if child.type == "variable_assignment":
                yield self._text(child.named_children[0])
            yield from self._assigned(child)

    def _pipeline(self, node: Node, state: _State) -> None:
        last = len(node.named_children) - 1
        for number, child in enumerate(node.named_children):
            start = len(self.found)
            self.visit(child, state.copy())
            if number < last:
                self._keep(start)
            if number:
                self.found[start:] = [
                    replace(each, stdin="") if each.stdin is None else each for each in self.found[start:]
                ]

    def _keep(self, start: int) -> None:
        """Note that what the commands from here on print is kept."""
        self.found[start:] = [replace(each, kept=True) for each in self.found[start:]]

    def _substitute(self, node: Node, state: _State) -> None:
        """The commands that make a word."""
        start = len(self.found)
        self._each(node, state.copy())
        self._keep(start)

    def _redirected(self, node: Node, state: _State) -> None:
        start = len(self.found)
        stdin = None
        for child in node.children_by_field_name("redirect"):
            stdin = self._redirect(child, state, stdin)
        redirects, self.found[start:] = self.found[start:], []
        if body := node.child_by_field_name("body"):
            self.visit(body, state)
        if any(each.name == ">" for each in redirects):
            self._keep(start)
        if stdin is not None:
            self.found[start:] = [replace(each, stdin=stdin) for each in self.found[start:]]
        self.found += redirects

    def _redirect(self, node: Node, state: _State, stdin: str | None) -> str | None:
        """Note what a redirection opens; gives the text that it feeds to the command."""
        if node.type == "heredoc_redirect":
            for child in node.named_children:
                if child.type in _REDIRECTS:
                    self._redirect(child, state, None)
                elif child.type == "heredoc_body":
                    stdin = self._text(child)
                    for inner in child.named_children:
                        self.word(inner, state)
                elif child.type not in ("heredoc_start", "heredoc_end", "file_descriptor"):
                    raise UnclearError("something stands behind a heredoc's first line")
            return stdin or ""
        target = node.child_by_field_name("destination") or node.named_children[-1]
        word = self.word(target, state)
        if node.type == "herestring_redirect":
            return word.text or ""
        operator = next(child.type for child in node.children if not child.is_named)
        sign = operator[0] if operator[0] == "<" else ">"
        if operator.endswith("&") and (word.text or "").isdecimal():
            return stdin
        self.found.append(Command((Word(sign), word), self._text(node), state.folder, state.sure))
        return "" if sign == "<" else stdin

    def _command(self, node: Node, state: _State) -> None:
        words: list[Word] = [Word("test")] if node.type == "test_command" else []
        inner = state.copy()
        stdin = None
        env: list[tuple[str, str | None]] = []
        for child in node.named_children:
            if child.type == "variable_assignment":
                env.append(self._assign(child, inner))
            elif child.type in _REDIRECTS:
                stdin = self._redirect(child, state, stdin)
            elif node.type == "test_command":
                words += self._leaves(child, state)
            else:
                words += self._expanded(child, state)
        if words and words[0].text in ("cd", "pushd", "popd"):
            self._change_folder(words, state)
        elif words:
            text, own = self._text(node), tuple(env)
            self.found.append(Command(tuple(words), text, state.folder, state.sure, stdin, env=own))

    def _expanded(self, node: Node, state: _State) -> list[Word]:
        """The words of an argument: a variable that stands alone and has blanks is several."""
        if node.type == "command_name" and node.named_children:
            node = node.named_children[0]
        word = self.word(node, state)
        if node.type in ("simple_expansion", "expansion") and word.text is not None:
            return [Word(part, is_wild(part)) for part in word.text.split()]
        return [word]

    def _leaves(self, node: Node, state: _State) -> list[Word]:
        """The words of a test, operators among them."""
        if node.type.endswith("expression"):
            return [word for child in node.named_children for word in self._leaves(child, state)]
        return [self.word(node, state)]

    def _change_folder(self, words: list[Word], state: _State) -> None:
        target = words[1].text if len(words) == 2 and words[0].text == "cd" and not words[1].wild else None
        if target is None or target.startswith(("-", "~")):
            state.folder = None
        elif target.startswith("/"):
            state.folder = clean(target)
        elif state.folder is not None:
            state.folder = clean(f"{state.folder}/{target}")

    def _assign(self, node: Node, state: _State) -> tuple[str, str | None]:
        name, *value = node.named_children
        word = self.word(value[0], state) if value else Word("")
        found = self._text(name), None if any(each.type == "+=" for each in node.children) else word.text
        state.variables.update((found,))
        return found

    def word(self, node: Node, state: _State) -> Word:
        """A word's text as far as it is clear; commands that it runs to find out are visited."""
        return read_word(node, self.source, state.variables, lambda inner: self._substitute(inner, state))

    def _text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode(errors="replace")

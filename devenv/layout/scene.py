"""The state of a stage while its lines are read one by one: variables, folder, user, known folders and links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from devenv.layout.image import ImageFacts
from devenv.layout.pattern import clean
from devenv.layout.steps import Step

SHELL = ("/bin/sh", "-c")

_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")

_STANDARD = """
/bin /boot /dev /etc /home /lib /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /var /etc/cron.d
/etc/init.d /etc/profile.d /etc/ssl /usr/bin /usr/lib /usr/libexec /usr/local /usr/local/bin /usr/local/etc
/usr/local/lib /usr/local/sbin /usr/local/share /usr/sbin /usr/share /usr/src /var/cache /var/lib /var/log /var/run
/var/spool /var/tmp
"""
"""What every base image but `scratch` has (Filesystem Hierarchy Standard): a file copied there keeps its name."""


@dataclass
class Scene:
    """What holds at one line of a stage.

    `sure` says that `workdir` doesn't depend on an image nobody has seen, `complete` that the base's variables are
    known.
    """

    env: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    sure: bool = True
    user: str = ""
    shell: tuple[str, ...] = SHELL
    folders: set[str] = field(default_factory=lambda: {"/"})
    links: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    made: set[str] = field(default_factory=set)
    complete: bool = True

    @classmethod
    def of_image(cls, image: str, facts: ImageFacts | None) -> Scene:
        """How a stage begins that is FROM an image."""
        known = facts or ImageFacts()
        result = cls(
            env=dict(known.env),
            workdir=known.workdir or "/",
            sure=facts is not None,
            user=known.user,
            entrypoint=known.entrypoint,
            command=known.command,
            triggers=known.onbuild,
        )
        if image != "scratch":
            result.folders.update(_STANDARD.split())
        result.remember_folder(result.workdir)
        result.made.clear()
        return result

    def child(self) -> Scene:
        """How a stage begins that is FROM this one; ONBUILD fires in direct children only."""
        return Scene(
            dict(self.env),
            dict(self.arguments),
            self.workdir,
            self.sure,
            self.user,
            self.shell,
            set(self.folders),
            dict(self.links),
            [],
            self.entrypoint,
            self.command,
            self.triggers,
            set(self.made),
            self.complete,
        )

    @property
    def variables(self) -> Mapping[str, str]:
        """What `$NAME` can mean: ENV wins over ARG."""
        return {**self.arguments, **self.env}

    def unknown(self, word: str) -> str:
        """A variable in a word that only the base image can have set; empty where there is none."""
        names = _VARIABLE.findall(word) if "$" in word and not self.complete else []
        return next((name for name in names if name not in self.env and name not in self.arguments), "")

    def absolute(self, path: str) -> str:
        """A path as an absolute and clean one."""
        return clean(path if path.startswith("/") else f"{self.workdir}/{path}")

    def resolve(self, path: str) -> str:
        """An absolute path with the known links on the way followed."""
        done = ""
        todo = [part for part in path.split("/") if part][::-1]
        budget = 40
        while todo:
            part = todo.pop()
            here = clean(f"{done}/{part}")
            target = self.links.get(here)
            if target is None or not budget:
                done = "" if here == "/" else here
                continue
            budget -= 1
            done = ""
            todo += [part for part in target.split("/") if part][::-1]
        return done or "/"

    def remember_folder(self, path: str) -> None:
        """Note that a path and all above it are folders; those that weren't known are ours."""
        while path and path not in self.folders:
            self.folders.add(path)
            self.made.add(path)
            path = path.rpartition("/")[0]

    def link(self, path: str, target: str) -> None:
        """Note a link that a line made."""
        above = path.rpartition("/")[0]
        self.links[path] = clean(target if target.startswith("/") else f"{above}/{target}")

"""What chmod makes of permission bits, compared with the real chmod under a umask of 022."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from devenv.layout.mode import after, is_symbolic
from devenv.layout.ruling import Landing

CHANGES = [
    "+x",
    "-w",
    "u+x",
    "a+rX",
    "g=u",
    "o-rwx",
    "u=rwX,go=rX",
    "+rw",
    "g+s",
    "u=rw,g=r,o=",
    "a=r",
    "ug+w,o=g",
    "=rx",
    "+t",
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o4711, 0o660])
def test_it_counts_as_chmod_does(tmp_path: Path, mode: int, change: str) -> None:
    file = tmp_path / "x"
    file.write_text("")
    file.chmod(mode)
    subprocess.run(["sh", "-c", f"umask 022; chmod -- {change} x"], cwd=tmp_path, check=True)
    assert is_symbolic(change)
    assert oct(after(mode, change)) == oct(stat.S_IMODE(file.stat().st_mode))


def test_a_folder_is_entered_where_a_file_is_not_run() -> None:
    assert (after(0o644, "a+X"), after(0o644, "a+X", folder=True)) == (0o644, 0o755)


def test_no_mode_is_refused() -> None:
    assert not is_symbolic("rwx")
    with pytest.raises(ValueError, match="no mode"):
        after(0o644, "rwx")


def test_a_landing_counts_all_of_it() -> None:
    assert Landing("/x").mode_for(0o100755) == 0o755
    assert Landing("/x", mode=0o600).mode_for(0o755) == 0o600
    assert Landing("/x", mode=0o600, changes=("+x", "o+r")).mode_for(0o755) == 0o715

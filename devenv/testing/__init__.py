"""What tests use of a project: servers of their own or those that run, a database, index, bucket and mailbox each.

Knows nothing of pytest, which has its plugin for that.
"""

from __future__ import annotations

from devenv.testing.environment import Environment
from devenv.testing.mailbox import Mail, Mailbox
from devenv.testing.postgres import Database

__all__ = ["Database", "Environment", "Mail", "Mailbox"]

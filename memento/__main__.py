"""The entry point of ``python -m memento`` and of the console script."""

from __future__ import annotations

import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def run() -> NoReturn:
    """Runs one command line and exits with its code.

    Until `memento.cli.main` answers for interrupts, one ends the process without a word; once the
    command is over and has said so, one changes nothing any more.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from memento.cli.main import run

    try:
        run()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def serve_scorer() -> NoReturn:
    """Runs ``memento serve-scorer`` for an agent that can name a program, but none of its arguments."""
    sys.argv.insert(1, "serve-scorer")
    run()


if __name__ == "__main__":
    run()

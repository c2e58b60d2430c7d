"""Runs the command line from a checkout: ``python cli.py --help``."""

from memento.__main__ import run

if __name__ == "__main__":
    run()

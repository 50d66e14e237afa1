"""``python -m musicdiff_job``, and the ``musicdiff-job`` script."""

from __future__ import annotations

from musicdiff_job.cli.root import root


def main() -> None:
    """Run the command line and exit with its status."""
    root.main(prog_name="musicdiff-job")


if __name__ == "__main__":
    main()

"""``completion``: the script by which a shell completes this command line.

The script is click's own. It asks ``musicdiff-job`` itself at every TAB, which answers from its tables of commands and
options alone: no settings are read, no checkpoint, and no network is touched.
"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from musicdiff_job.cli.command import JobCommand
from musicdiff_job.cli.output import show_text

NAME = "musicdiff-job"
VARIABLE = "_MUSICDIFF_JOB_COMPLETE"
"""What click looks for under that name."""

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion", cls=JobCommand, example="musicdiff-job completion bash >> ~/.bash_completion  # then a new shell"
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, *, shell: str) -> None:
    """Print the script that completes commands in a shell.

    bash: append it to ~/.bash_completion. zsh: append it to ~/.zshrc, below compinit. fish: write it to
    ~/.config/fish/completions/musicdiff-job.fish. Each time a new shell begins it is read.
    """
    kind = get_completion_class(shell)
    assert kind is not None, shell  # noqa: S101 - click knows these three
    # Not source() itself, which for bash starts one to ask for its version.
    made = kind(context.find_root().command, {}, NAME, VARIABLE)
    show_text(made.source_template % made.source_vars())

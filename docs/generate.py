"""Writes the parts of the documentation that the code knows better: ``python docs/generate.py`` (``make docs``).

``docs/settings.md``, the table of exit codes and the demo's output in ``README.md``, the weights in
``docs/matching.md``, and the files for schedulers in ``cron``, ``k8s`` and ``deploy``. ``tests/test_docs.py`` and
``tests/scaffold`` fail when one of them has drifted.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from musicdiff_job.core.likeness import DURATION_VALUES, LONGEST_APART, WEIGHTS
from musicdiff_job.core.outcome import TABLE, ExitCode, Outcome
from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.rendering import render, write
from musicdiff_job.settings import describe

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SETTINGS = ROOT / "docs" / "settings.md"
MATCHING = ROOT / "docs" / "matching.md"

SETTINGS_INTRO = """\
# Settings

No file is needed: the defaults and credentials are a working set-up. Lowest to highest: defaults, `musicdiff.toml`
(`--config FILE`, `$MUSICDIFF_CONFIG`, `./musicdiff.toml`, `$XDG_CONFIG_HOME/musicdiff/config.toml`), its
`[profiles.NAME]` with `--profile NAME`, the environment, flags. Durations are `90s`, `10m`, `1h30m`, `26h`, `7d`;
lists in variables are separated by commas or written as JSON.

Credentials are never in the file: `SPOTIFY_CLIENT_ID`, `SPOTIFY_CLIENT_SECRET` (absent: PKCE),
`SPOTIFY_REFRESH_TOKEN`, `SPOTIFY_AUTHORIZED_AT`, and `DEEZER_ARL` or `DEEZER_ACCESS_TOKEN`, from the environment, from
the file that `NAME_FILE` names, or from `--env-file`.

`musicdiff-job init` writes a file with every key in it. How to keep the checkpoint in S3 is told in [s3.md](s3.md),
what an export is in [export.md](export.md), what files look like in [backup.md](backup.md), what `[playback]` records
in [playback.md](playback.md), what `direction = "both"` does in [both-ways.md](both-ways.md), whom `[notify]`,
`[health]` and `[hooks]` tell in [notifications.md](notifications.md), what `[metrics]` holds in
[metrics.md](metrics.md), what `[report]` shows in [report.md](report.md), several accounts in
[profiles.md](profiles.md).

`MUSICDIFF_PLAYLIST` holds all playlist rules as JSON: `[{"match": "Gym*", "priority": 10}]`.

| key | default | meaning | accepted | variable |
| --- | --- | --- | --- | --- |
"""


def settings_page() -> str:
    """``docs/settings.md``."""
    rows = []
    for row in describe():
        cells = (
            f"`{row.key}`",
            f"`{row.default}`" if row.default else "",
            row.meaning,
            row.accepted,
            f"`{row.variable}`",
        )
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return SETTINGS_INTRO + "\n".join(rows) + "\n"


def exit_code_table() -> str:
    """The README's table of exit codes, in the order of the codes; outcomes of one code share a row."""
    rows: dict[str, tuple[list[str], str]] = {}
    for outcome in sorted(Outcome, key=lambda one: (TABLE[one].detailed, list(Outcome).index(one))):
        row = TABLE[outcome]
        code = str(int(row.simple))
        if row.detailed is not row.simple:
            code = f"{code} / {int(row.detailed)}"
        if outcome is Outcome.INTERRUPTED:
            code = f"{int(ExitCode.INTERRUPTED_INT)}, {int(ExitCode.INTERRUPTED)}"
        names, _ = rows.setdefault(code, ([], row.meaning))
        names.append(f"`{outcome}`")
    lines = ["| code (simple / detailed) | outcome | meaning |", "| --- | --- | --- |"]
    lines += [f"| {code} | {', '.join(names)} | {meaning} |" for code, (names, meaning) in rows.items()]
    return "\n".join(lines)


def weights_table() -> str:
    """What each respect may cost a candidate, for ``docs/matching.md``."""
    refuses = {
        "title": "another song",
        "artists": "no main artist in common, a karaoke or tribute act",
        "version": "another kind of version, another named cut",
        "duration": f"more than {LONGEST_APART} s apart ({DURATION_VALUES[-1][0]:.0f} s with one ISRC)",
        "album": "never",
        "explicit": "never",
    }
    head = "| respect | takes off at most | and refuses |\n| --- | ---: | --- |\n"
    return head + "\n".join(f"| {name} | {weight:.2f} | {refuses[name]} |" for name, weight in WEIGHTS.items())


def demo_output() -> str:
    """What ``musicdiff-job demo`` prints when nobody watches, as a block for the README."""
    command = [sys.executable, "-m", "musicdiff_job", "demo"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return f"```text\n$ make demo\n{done.stdout.rstrip()}\n```"


def replace_block(text: str, name: str, block: str) -> str:
    """``text`` with what stands between the marks of ``name`` replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    replaced, count = pattern.subn(lambda found: f"{found[1]}{block}\n{found[2]}", text)
    if count != 1:
        raise ValueError(f"the marks of {name!r} stand {count} times in the text")
    return replaced


def main() -> None:
    """Write everything."""
    for kind in KINDS.values():
        write(render(kind), ROOT / kind.shipped, force=True)
    SETTINGS.write_text(settings_page(), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    readme = replace_block(readme, "exit codes", exit_code_table())
    readme = replace_block(readme, "demo", demo_output())
    README.write_text(readme, encoding="utf-8")
    MATCHING.write_text(
        replace_block(MATCHING.read_text(encoding="utf-8"), "weights", weights_table()), encoding="utf-8"
    )


if __name__ == "__main__":
    main()

"""The schedulers that there are files for: what may be filled in for each, and where the repository ships them.

A kind's templates are the files of ``templates/NAME``; a new kind is a row here and a folder there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from musicdiff_job.scaffold import values
from musicdiff_job.scaffold.values import CONFIG, CREDENTIAL, PROFILE, SCHEDULE, TIME_BUDGET, Value

PLACEHOLDER_IMAGE = f"registry.example.com/musicdiff-job@sha256:{'0' * 64}"
"""An image that nobody can pull: there is none before it was built, and a tag would not say which."""

PLACEHOLDER_ACTION = f"OWNER/musicdiff-job@{'0' * 40}"
"""A commit that is in no repository: only its user can say which one is trusted."""

REGION = values.text("region", "eu-west-1", "its region", "a region", r"^[a-z]{2}(?:-[a-z]+)+-[0-9]$", "NAME")
ROLE = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$"


@dataclass(frozen=True, slots=True)
class Kind:
    """A scheduler. ``shipped`` is the folder of the repository that holds its files with default values."""

    name: str
    summary: str
    shipped: str
    values: tuple[Value, ...]


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "cron",
            "crontab lines",
            "cron",
            (
                SCHEDULE,
                TIME_BUDGET,
                values.program("~/musicdiff/bin/musicdiff-job", values.path("", "", "", home=True).kind),
                values.path("env_file", "~/musicdiff/musicdiff.env", "the file with credentials", home=True),
                CONFIG,
                PROFILE,
                values.path("log_file", "~/musicdiff/musicdiff.log", "the log; rotated by the job", home=True),
                values.text(
                    "mailto", "", "who gets cron's mail, if not the user", "an address", r"^[!-~]*$", "ADDRESS"
                ),
                values.text(
                    "user", "musicdiff", "the user of the line in /etc/cron.d", "a user", r"^[a-z_][a-z0-9_-]*$"
                ),
            ),
        ),
        Kind(
            "systemd",
            "a service and its timer",
            "deploy/systemd",
            (
                SCHEDULE,
                TIME_BUDGET,
                values.program(),
                values.path("env_file", "/etc/musicdiff/musicdiff.env", "the file with credentials, root's alone"),
                CONFIG,
                PROFILE,
            ),
        ),
        Kind(
            "launchd",
            "a launch agent for macOS",
            "deploy/launchd",
            (
                SCHEDULE,
                TIME_BUDGET,
                values.path("home", "/Users/you", "your home folder"),
                CONFIG,
                PROFILE,
                values.text(
                    "label",
                    "local.musicdiff",
                    "the agent's label",
                    "words with dots between",
                    r"^[A-Za-z0-9][A-Za-z0-9.-]*$",
                ),
            ),
        ),
        Kind(
            "k8s",
            "a kustomize base with overlays for a volume, S3, and many accounts",
            "k8s",
            (
                SCHEDULE,
                TIME_BUDGET,
                values.text(
                    "image",
                    PLACEHOLDER_IMAGE,
                    "the image, by its digest",
                    "an image with its digest, NAME@sha256:...",
                    r"^[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$",
                    "IMAGE",
                ),
                values.name("namespace", "musicdiff", "the namespace"),
                CREDENTIAL,
                values.text(
                    "storage", "128Mi", "size of the volume", "a size such as 128Mi", r"^[1-9][0-9]{0,5}[MGT]i$", "SIZE"
                ),
                values.text(
                    "bucket",
                    "my-bucket",
                    "the bucket, with S3",
                    "the name of a bucket",
                    r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
                    "NAME",
                ),
                REGION,
                values.text(
                    "role_arn",
                    "arn:aws:iam::123456789012:role/musicdiff",
                    "the role that the service account takes (IRSA)",
                    "the ARN of a role",
                    ROLE,
                    "ARN",
                ),
                Value(
                    "account",
                    values.name("", "", "").kind,
                    ("alice", "bob", "carol"),
                    "a profile, with many accounts",
                    "NAME",
                    many=True,
                ),
                values.number("parallelism", 2, "how many accounts at once: all share Deezer's limit", 50),
            ),
        ),
        Kind(
            "github",
            "a workflow for GitHub Actions",
            "deploy/github",
            (
                SCHEDULE,
                TIME_BUDGET,
                values.text(
                    "action",
                    PLACEHOLDER_ACTION,
                    "the repository with action.yml, at a commit",
                    "a repository and a whole commit, OWNER/NAME@COMMIT",
                    r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*@[0-9a-f]{40}$",
                    "ACTION",
                ),
                PROFILE,
                # Without the client's secret Spotify replaces the token, and nothing on GitHub could keep the new one.
                replace(
                    CREDENTIAL,
                    default=(
                        "SPOTIFY_CLIENT_ID",
                        "SPOTIFY_CLIENT_SECRET",
                        "SPOTIFY_REFRESH_TOKEN",
                        "SPOTIFY_AUTHORIZED_AT",
                        "DEEZER_ARL",
                    ),
                ),
                values.text(
                    "checkpoint",
                    "",
                    "the checkpoint in S3; without, it is on a branch",
                    "s3://BUCKET/KEY",
                    r"^(?:s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[\w.{}/-]+)?$",
                    "URL",
                ),
                REGION,
                values.text(
                    "role_arn",
                    "arn:aws:iam::123456789012:role/musicdiff",
                    "the role to take for it (OIDC)",
                    "the ARN of a role",
                    ROLE,
                    "ARN",
                ),
            ),
        ),
    )
}

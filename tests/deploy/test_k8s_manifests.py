"""The manifests, for what no schema says: the API server would refuse some of it, and accept the rest and do harm."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from rig import Rig
from shipped import ROOT, outcome, started

from musicdiff_job import settings
from musicdiff_job.core.outcome import TABLE, ExitCode
from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.rendering import render
from musicdiff_job.scaffold.schedule import read_schedule
from musicdiff_job.settings.findings import CREDENTIALS

K8S = ROOT / "k8s"
OVERLAYS = ("pvc", "s3", "accounts")
Tree = dict[str, Any]


def load(path: Path) -> Tree:
    (document,) = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def merged(below: Any, above: Any) -> Any:
    """kubectl's strategic merge, as far as these files need it: maps by key, lists of what has a name by name."""
    if isinstance(below, dict) and isinstance(above, dict):
        keys = {**below, **above}
        whole = {key: merged(below[key], above[key]) if key in below and key in above else keys[key] for key in keys}
        return {key: value for key, value in whole.items() if value is not None}
    if (
        isinstance(below, list)
        and isinstance(above, list)
        and all(isinstance(one, dict) and "name" in one for one in above)
    ):
        named = {one["name"]: one for one in below}
        for one in above:
            named[one["name"]] = merged(named[one["name"]], one) if one["name"] in named else one
        return [one for one in named.values() if one.get("$patch") != "delete"]
    return above


@cache
def cronjob(overlay: str) -> Tree:
    """The CronJob of an overlay, with the patches of those below it."""
    folder = K8S / "overlays" / overlay
    whole = load(K8S / "base" / "cronjob.yaml")
    if overlay == "accounts":
        whole = cronjob("s3")
    result: Tree = merged(whole, load(folder / "cronjob.yaml"))
    return result


def job(overlay: str) -> Tree:
    spec: Tree = cronjob(overlay)["spec"]["jobTemplate"]["spec"]
    return spec


def pod(overlay: str) -> Tree:
    spec: Tree = job(overlay)["template"]["spec"]
    return spec


def container(overlay: str) -> Tree:
    (only,) = pod(overlay)["containers"]
    assert isinstance(only, dict)
    return only


def env(overlay: str) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container(overlay)["env"]}


def budget(overlay: str) -> int:
    words = container(overlay)["args"]
    return int(words[words.index("--max-seconds") + 1])


@pytest.mark.parametrize("path", sorted(K8S.rglob("*.yaml")), ids=lambda path: str(path.relative_to(K8S)))
def test_every_manifest_is_part_of_its_kustomization(path: Path) -> None:
    if path.name != "kustomization.yaml":
        kustomization = load(path.parent / "kustomization.yaml")
        named = [*kustomization.get("resources", ()), *(patch["path"] for patch in kustomization.get("patches", ()))]
        assert path.name in named


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_it_is_started_when_it_should_be(overlay: str) -> None:
    spec = cronjob(overlay)["spec"]
    assert read_schedule(spec["schedule"]).cron == spec["schedule"]
    assert spec["timeZone"] == "Etc/UTC"
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] >= 10, "the controller looks every ten seconds"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_enum_is_one_of_its_values(overlay: str) -> None:
    assert pod(overlay)["restartPolicy"] == "Never", "podFailurePolicy wants it"
    assert job(overlay)["podReplacementPolicy"] == "Failed", "podFailurePolicy wants it"
    assert container(overlay)["imagePullPolicy"] in ("Always", "IfNotPresent", "Never")
    assert container(overlay)["terminationMessagePolicy"] in ("File", "FallbackToLogsOnError")
    assert pod(overlay)["securityContext"]["fsGroupChangePolicy"] in ("OnRootMismatch", "Always")
    assert job(overlay).get("completionMode", "NonIndexed") in ("NonIndexed", "Indexed")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_is_killed_while_it_may_still_work(overlay: str) -> None:
    spec = job(overlay)
    rounds = -(-spec.get("completions", 1) // spec.get("parallelism", 1))
    grace = pod(overlay)["terminationGracePeriodSeconds"]
    assert grace > 5
    assert spec["activeDeadlineSeconds"] > rounds * (budget(overlay) + grace)
    assert pod(overlay).get("activeDeadlineSeconds", 10**6) > budget(overlay) + grace


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_exit_codes_are_those_of_the_table(overlay: str) -> None:
    spec = job(overlay)
    drained, useless = spec["podFailurePolicy"]["rules"]
    assert drained == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    assert useless["action"] == ("FailIndex" if overlay == "accounts" else "FailJob")
    codes = useless["onExitCodes"]
    assert codes["operator"] == "In"
    assert codes["containerName"] == container(overlay)["name"]
    assert codes["values"] == sorted(set(codes["values"]))
    assert 0 not in codes["values"]
    assert set(codes["values"]) <= {int(code) for code in ExitCode}
    told = {int(row.simple) for row in TABLE.values() if row.simple}
    mending_itself = {int(code) for code in (ExitCode.UNAVAILABLE, ExitCode.CHECKPOINT_UNWRITABLE, ExitCode.LOST_LEASE)}
    assert set(codes["values"]) == told - mending_itself - {int(ExitCode.INTERRUPTED)}


def test_retries_are_counted_in_one_way() -> None:
    for overlay in ("pvc", "s3"):
        assert job(overlay)["backoffLimit"] == 2
        assert "backoffLimitPerIndex" not in job(overlay)
    assert job("accounts")["backoffLimitPerIndex"] == 1
    assert "backoffLimit" not in job("accounts")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_restricted_namespace_takes_the_pod(overlay: str) -> None:
    """Pod Security Standards, "restricted", and what goes beyond it at no cost."""
    labels = load(K8S / "base" / "namespace.yaml")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    spec, own = pod(overlay), container(overlay)["securityContext"]
    whole = spec["securityContext"]
    assert whole["runAsNonRoot"] is True
    assert whole["runAsUser"] == whole["runAsGroup"] == whole["fsGroup"] == 65532
    assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not [key for key in spec if key.startswith("host")]
    kinds = {key for volume in spec["volumes"] for key in volume if key != "name"}
    assert kinds <= {"configMap", "emptyDir", "projected", "persistentVolumeClaim"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_mounts_and_volumes_are_the_same(overlay: str) -> None:
    mounts = [mount["name"] for mount in container(overlay)["volumeMounts"]]
    assert sorted(mounts) == sorted(volume["name"] for volume in pod(overlay)["volumes"])
    assert not any("subPath" in mount for mount in container(overlay)["volumeMounts"])


def test_the_image_is_named_by_its_digest() -> None:
    (image,) = load(K8S / "base" / "kustomization.yaml")["images"]
    assert image["name"] == container("pvc")["image"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", image["digest"])
    assert "newTag" not in image


def test_one_pod_at_a_time_has_the_volume() -> None:
    claim = load(K8S / "overlays" / "pvc" / "volume.yaml")
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    (volume,) = [volume for volume in pod("pvc")["volumes"] if "persistentVolumeClaim" in volume]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]


def test_nothing_comes_in_and_only_names_and_https_go_out() -> None:
    spec = load(K8S / "base" / "networkpolicy.yaml")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in spec
    ports = {(port["protocol"], port["port"]) for rule in spec["egress"] for port in rule["ports"]}
    assert ports == {("UDP", 53), ("TCP", 53), ("TCP", 443)}
    (labels,) = load(K8S / "base" / "kustomization.yaml")["labels"]
    assert spec["podSelector"]["matchLabels"] == labels["pairs"]
    assert labels["includeTemplates"] is True


@pytest.mark.parametrize("overlay", ["pvc", "s3"])
def test_secrets_are_files(overlay: str) -> None:
    (volume,) = [volume for volume in pod(overlay)["volumes"] if volume["name"] == "credentials"]
    assert volume["projected"]["defaultMode"] == 0o440
    mount = next(one["mountPath"] for one in container(overlay)["volumeMounts"] if one["name"] == "credentials")
    files = {name: value for name, value in env(overlay).items() if name.endswith("_FILE")}
    assert files == {f"{name}_FILE": f"{mount}/{name}" for name in CREDENTIALS if f"{name}_FILE" in files}
    assert {"SPOTIFY_REFRESH_TOKEN_FILE", "DEEZER_ARL_FILE"} <= set(files)
    assert not set(CREDENTIALS) & set(env(overlay))
    # In S3 there is no place for the tokens that an app without a secret is given.
    assert ("SPOTIFY_CLIENT_SECRET_FILE" in files) == (overlay == "s3")
    assert ("MUSICDIFF_SPOTIFY_TOKEN_STORE" in env(overlay)) == (overlay == "pvc")


def test_every_account_has_its_index_and_its_share() -> None:
    profiles = re.findall(r"^\[profiles\.(.*)\]$", (K8S / "overlays/accounts/musicdiff.toml").read_text("utf-8"), re.M)
    spec = job("accounts")
    assert spec["completionMode"] == "Indexed"
    assert spec["completions"] == len(profiles)
    assert spec["parallelism"] <= spec["completions"]
    assert "--profile-index" in container("accounts")["args"]
    share = int(env("accounts")["MUSICDIFF_DEEZER_REQUESTS_PER_5S"])
    assert 0 < share * spec["parallelism"] <= 35, "of 50; docs/scale.md has the simulation"
    assert "{profile}" in env("accounts")["MUSICDIFF_CHECKPOINT_URL"]
    assert not [name for name in env("accounts") if name.endswith("_FILE")]


def test_many_accounts_take_their_rounds() -> None:
    accounts = tuple(f"user{number}" for number in range(100))
    made = render(KINDS["k8s"], {"account": accounts, "parallelism": 60, "time_budget": 60.0})
    spec = yaml.safe_load(next(one.text for one in made if one.path == "overlays/accounts/cronjob.yaml"))
    inner = spec["spec"]["jobTemplate"]["spec"]
    assert (inner["completions"], inner["parallelism"]) == (100, 60)
    assert inner["activeDeadlineSeconds"] == 2 * inner["template"]["spec"]["activeDeadlineSeconds"]
    (own,) = inner["template"]["spec"]["containers"]
    assert {"name": "MUSICDIFF_DEEZER_REQUESTS_PER_5S", "value": "1"} in own["env"]


def test_the_job_takes_what_the_cluster_gives(rig: Rig) -> None:
    """The container's arguments and variables, with the mounted folders where this test may write."""
    places = {
        "/etc/musicdiff": rig.folder / "settings",
        "/run/secrets/musicdiff": rig.folder / "credentials",
        "/var/lib/musicdiff": rig.folder / "state",
        "/tmp": rig.folder / "tmp",
    }
    assert {mount["mountPath"] for mount in container("pvc")["volumeMounts"]} == set(places)
    for place in places.values():
        place.mkdir()
    (places["/etc/musicdiff"] / "musicdiff.toml").write_bytes((K8S / "base" / "musicdiff.toml").read_bytes())
    for name, value in rig.sandbox.environment().items():
        if name in CREDENTIALS:
            file = places["/run/secrets/musicdiff"] / name
            file.write_text(value, encoding="utf-8")
            file.chmod(0o400)
    given = {name: value for name, value in rig.environment().items() if name.startswith("MUSICDIFF_")}
    for name, value in env("pvc").items():
        mounted = next((place for place in places if value.startswith(place)), None)
        given[name] = value if mounted is None else value.replace(mounted, str(places[mounted]), 1)
    # Made without a client secret, so the sandbox's own need not be there either.
    given |= {"PATH": "/usr/bin:/bin", "KUBERNETES_SERVICE_HOST": "10.0.0.1", "PYTHONPATH": ":".join(sys.path)}
    (places["/run/secrets/musicdiff"] / "SPOTIFY_CLIENT_SECRET").unlink()
    for wanted in ("changed", "in_sync"):
        done = started([sys.executable, "-m", "musicdiff_job", *container("pvc")["args"]], given, places["/tmp"])
        assert done.returncode == 0, done.stdout + done.stderr
        assert outcome(done.stdout) == wanted
        assert "settings.warning" not in done.stderr
    assert (places["/var/lib/musicdiff"] / "default.json.gz").is_file()


def test_the_settings_of_the_s3_overlay_are_settings(tmp_path: Path) -> None:
    given = {name: value for name, value in env("s3").items() if name.startswith("MUSICDIFF_") and "CONFIG" not in name}
    loaded = settings.load(env={"HOME": str(tmp_path), **given}, config=K8S / "base" / "musicdiff.toml", cwd=tmp_path)
    assert loaded.settings.checkpoint.url == "s3://my-bucket/musicdiff/default/checkpoint.json.gz"

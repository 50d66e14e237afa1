"""The Kubernetes manifests: built by kubectl, held against the schemas of several versions, and against policy."""

from __future__ import annotations

from pathlib import Path

from checks.checking import ROOT, Check, Failed, ran, tool

OVERLAYS = ("pvc", "s3", "accounts")
VERSIONS = ("1.33", "1.37")
"""The oldest in which all that is used is generally available, and the newest that the validator knows."""


def built(folder: Path) -> list[Path]:
    """What ``kubectl apply -k`` would send, an overlay a file."""
    made = []
    for overlay in OVERLAYS:
        path = folder / f"{overlay}.yaml"
        path.write_text(ran(tool("kubectl"), "kustomize", str(ROOT / "k8s/overlays" / overlay)), encoding="utf-8")
        made.append(path)
    return made


def kustomize(folder: Path) -> str:
    """Every overlay builds, and every image has its digest then."""
    for path in built(folder):
        images = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if " image:" in line]
        if not images or not all("@sha256:" in image for image in images):
            raise Failed(f"{path.stem}: {images}")
    return f"{len(OVERLAYS)} overlays build"


def schemas(folder: Path) -> str:
    """No key that the API does not know, no value of a wrong type."""
    files = built(folder)
    for version in VERSIONS:
        ran(tool("kubernetes-validate"), "--strict", "--quiet", "-k", version, *map(str, files))
    return f"valid for Kubernetes {' and '.join(VERSIONS)}"


def checkov(folder: Path) -> str:
    """Its policies for Kubernetes, all of them."""
    files = [argument for path in built(folder) for argument in ("-f", str(path))]
    said = ran(tool("checkov"), "--framework", "kubernetes", "--skip-download", "--compact", "--quiet", *files)
    counts = [line for line in said.splitlines() if line.startswith("Passed checks:")]
    if not counts or "Failed checks: 0" not in counts[0] or counts[0].startswith("Passed checks: 0"):
        raise Failed(said)
    return counts[0]


CHECKS = (
    Check("k8s/overlays/*", "kubectl kustomize", kustomize),
    Check("k8s/overlays/*", "kubernetes-validate --strict", schemas),
    Check("k8s/overlays/*", "checkov", checkov),
)

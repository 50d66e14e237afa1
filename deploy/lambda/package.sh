#!/bin/sh
# Builds build/musicdiff-lambda.zip: the job, what it imports at the versions that are locked, and ./musicdiff.toml if
# there is one. Wheels only, for the system that Lambda runs, whatever this machine is. Run it at the top of the
# repository, where `make lint` (or another target for developers) has made .venv.
set -eu

python=${PYTHON:-.venv/bin/python}
version=${LAMBDA_PYTHON:-3.13}
platform=${LAMBDA_PLATFORM:-x86_64-manylinux_2_28}  # for Architectures: [arm64] aarch64-manylinux_2_28
work=build/lambda
target=$work/package

rm -rf "$work" build/musicdiff-lambda.zip
mkdir -p "$target"
"$python" -m uv pip compile --quiet --no-header --no-annotate --generate-hashes --extra s3 --constraint requirements-dev.lock \
  --python-version "$version" --python-platform "$platform" --no-emit-index-url \
  pyproject.toml --output-file "$work/requirements.txt"
"$python" -m uv pip install --quiet --target "$target" --python-version "$version" --python-platform "$platform" \
  --only-binary :all: --require-hashes --requirement "$work/requirements.txt"
"$python" -m uv build --quiet --wheel --out-dir "$work"
"$python" -m uv pip install --quiet --target "$target" --python-version "$version" --python-platform "$platform" \
  --no-deps "$work"/*.whl
if [ -f musicdiff.toml ]; then cp musicdiff.toml "$target"; fi
find "$target" -name __pycache__ -type d -prune -exec rm -rf {} +
rm -rf "${target:?}/bin"
"$python" -m zipfile -c build/musicdiff-lambda.zip "$target"/*

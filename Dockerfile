# The job as an image: `docker build -t musicdiff-job .`; docs/docker.md says how it is run and kept up to date.
#
# The base is named by its digest, so that tomorrow's build is today's. Update both together:
#   docker buildx imagetools inspect python:3.13-slim --format '{{.Manifest.Digest}}'
ARG PYTHON=docker.io/library/python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements-all.lock ./
# Only this layer asks the network, and it is made anew only when the lock changes.
RUN python -m venv /opt/musicdiff \
 && /opt/musicdiff/bin/python -m pip install --no-compile --require-hashes --only-binary=:all: -r requirements-all.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY musicdiff_job ./musicdiff_job
# Bytecode is compiled here, because nothing can be written there. What built it is not needed to run it.
RUN /opt/musicdiff/bin/python -m pip install --no-compile --no-deps --no-build-isolation . \
 && /opt/musicdiff/bin/python -m pip uninstall --yes hatchling editables pathspec pluggy trove-classifiers pip \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/musicdiff/lib \
 && mkdir /state

# The same as above: a virtual environment runs with the Python that made it.
FROM ${PYTHON}
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="musicdiff-job" \
      org.opencontainers.image.description="Keeps a Deezer account in step with a Spotify account, one run at a time" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/musicdiff /opt/musicdiff
COPY --from=build --chown=65532:65532 --chmod=0700 /state /var/lib/musicdiff
# The token store is the name of a file, no token.
# hadolint ignore=DL3064
ENV PATH=/opt/musicdiff/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    MUSICDIFF_CHECKPOINT_URL=/var/lib/musicdiff/{profile}.json.gz \
    MUSICDIFF_PLAYBACK_URL=/var/lib/musicdiff/plays-{profile}/ \
    MUSICDIFF_SPOTIFY_TOKEN_STORE=/var/lib/musicdiff/spotify-{profile}.json
WORKDIR /var/lib/musicdiff
USER 65532:65532
# A job that ends has no health; `musicdiff-job status --check` tells how the last run went.
HEALTHCHECK NONE
# No shell between: signals reach the job, which saves and ends within five seconds.
ENTRYPOINT ["/opt/musicdiff/bin/musicdiff-job"]
CMD ["run"]

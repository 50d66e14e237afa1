"""Credentials that AWS keeps, read by a real boto3 from moto's server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
import responses
from s3_stage import environment

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.settings.aws_secrets import SecretsUnavailable, with_secrets

if TYPE_CHECKING:
    from s3_stage import Moto

SSM = {"MUSICDIFF_SECRETS": "ssm:/musicdiff"}
MANAGER = {"MUSICDIFF_SECRETS": "secretsmanager:musicdiff"}


@pytest.fixture
def aws(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(moto.url).items():
        monkeypatch.setenv(name.replace("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"), value)


@pytest.fixture
def parameters(aws: None) -> Iterator[dict[str, str]]:
    """Parameters as docs/lambda.md makes them."""
    values = {
        "SPOTIFY_CLIENT_ID": "app",
        "SPOTIFY_REFRESH_TOKEN": "defaults-own",
        "MUSICDIFF_HEALTH_PING_URL": "https://hc.example/x",
        "alice/SPOTIFY_REFRESH_TOKEN": "alices",
        "alice/DEEZER_ARL": "alices-arl",
        "alice/MUSICDIFF_LOG_LEVEL": "debug",
        "bob/DEEZER_ARL": "bobs-arl",
    }
    client = boto3.client("ssm")
    for name, value in values.items():
        client.put_parameter(Name=f"/musicdiff/{name}", Value=value, Type="SecureString", Overwrite=True)
    yield values
    client.delete_parameters(Names=[f"/musicdiff/{name}" for name in values])


@pytest.fixture
def secrets(aws: None) -> Iterator[None]:
    values = {
        "musicdiff": {"SPOTIFY_CLIENT_ID": "app", "DEEZER_ARL": "defaults-own", "OTHER": "x"},
        "musicdiff/alice": {"SPOTIFY_REFRESH_TOKEN": "alices", "DEEZER_ARL": "alices-arl"},
    }
    client = boto3.client("secretsmanager")
    for name, value in values.items():
        client.create_secret(Name=name, SecretString=json.dumps(value))
    yield
    for name in values:
        client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_where_nothing_is_named_nothing_is_asked() -> None:
    with responses.RequestsMock():
        assert with_secrets({"DEEZER_ARL": "x"}, "alice") == {"DEEZER_ARL": "x"}


def test_a_profiles_parameters_and_the_app_that_is_everybodys(parameters: dict[str, str]) -> None:
    assert with_secrets(SSM, "alice") == {
        "SPOTIFY_CLIENT_ID": "app",
        "MUSICDIFF_HEALTH_PING_URL": "https://hc.example/x",
        "MUSICDIFF_ALICE_SPOTIFY_REFRESH_TOKEN": "alices",
        "MUSICDIFF_ALICE_DEEZER_ARL": "alices-arl",
    }


def test_the_first_level_is_the_default_profiles(parameters: dict[str, str]) -> None:
    found = with_secrets(SSM, "default")
    assert found["SPOTIFY_REFRESH_TOKEN"] == "defaults-own"
    assert "SPOTIFY_REFRESH_TOKEN" not in with_secrets(SSM, "bob")


@pytest.mark.parametrize("form", ["", "_FILE"])
def test_the_environment_goes_before_it(parameters: dict[str, str], form: str) -> None:
    own = {f"MUSICDIFF_ALICE_DEEZER_ARL{form}": "mine"}
    found = with_secrets(SSM | own, "alice")
    assert {name: value for name, value in found.items() if "ARL" in name} == own


def test_a_renewed_one_counts_at_the_next_event(parameters: dict[str, str]) -> None:
    boto3.client("ssm").put_parameter(
        Name="/musicdiff/alice/DEEZER_ARL", Value="renewed", Type="SecureString", Overwrite=True
    )
    assert with_secrets(SSM, "alice")["MUSICDIFF_ALICE_DEEZER_ARL"] == "renewed"


def test_secrets_as_objects(secrets: None) -> None:
    assert with_secrets(MANAGER, "alice") == {
        "SPOTIFY_CLIENT_ID": "app",
        "MUSICDIFF_ALICE_SPOTIFY_REFRESH_TOKEN": "alices",
        "MUSICDIFF_ALICE_DEEZER_ARL": "alices-arl",
    }
    assert with_secrets(MANAGER, "default") == {"SPOTIFY_CLIENT_ID": "app", "DEEZER_ARL": "defaults-own"}
    assert with_secrets(MANAGER, "carol") == {"SPOTIFY_CLIENT_ID": "app"}


def test_a_secret_that_is_no_object_is_named_and_not_shown(secrets: None) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId="musicdiff/alice", SecretString="hush-hush")
    with pytest.raises(ConfigError, match="the secret musicdiff/alice must be a JSON object") as caught:
        with_secrets(MANAGER, "alice")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("place", ["musicdiff", "ssm:", "ssm:musicdiff", "vault:x", "secretsmanager:/"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(ConfigError, match="must be ssm:/path or secretsmanager:name"):
        with_secrets({"MUSICDIFF_SECRETS": place}, "alice")


@pytest.mark.parametrize("profile", ["../alice", "all", "a b"])
def test_nothing_is_asked_for_a_name_that_no_profile_can_have(profile: str) -> None:
    assert with_secrets(SSM, profile) == {}


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "AccessDeniedException", ConfigError),
        (400, "ThrottlingException", SecretsUnavailable),
        (500, "InternalServerError", SecretsUnavailable),
    ],
)
def test_what_aws_refuses(
    aws: None, monkeypatch: pytest.MonkeyPatch, status: int, code: str, error: type[Exception]
) -> None:
    from botocore.awsrequest import AWSResponse
    from botocore.httpsession import URLLib3Session

    class Raw:
        def stream(self, *_: object, **__: object) -> Iterator[bytes]:
            yield json.dumps({"__type": code, "message": "arn:hush"}).encode()

    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(URLLib3Session, "send", lambda *_: AWSResponse("http://x", status, {}, Raw()))
    with pytest.raises(error, match=f"AWS says {code}") as caught:
        with_secrets(SSM, "alice")
    assert "hush" not in str(caught.value)


def test_where_nobody_answers_the_next_event_may_be_luckier(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(SecretsUnavailable) as caught:
        with_secrets(SSM, "alice")
    assert caught.value.outcome is Outcome.UNAVAILABLE

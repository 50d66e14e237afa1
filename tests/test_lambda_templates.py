"""What is shipped for AWS: it may do what the job does and nothing else, and its numbers go together.

cfn-lint judges the rest, where it is installed (`make deploy-check`); it knows neither what a job needs nor that
a queue must wait for six of its function's lifetimes.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from musicdiff_job import aws_lambda, settings
from musicdiff_job.report import emf
from musicdiff_job.settings.aws_secrets import PLACE

FOLDER = Path(__file__).parents[1] / "deploy" / "lambda"
ONE, MANY = "template.yaml", "profiles.yaml"


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: ``!Ref X`` is {"Ref": "X"}, ``!Sub x`` {"Sub": "x"}."""


def _short_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            return {name: loader.construct_scalar(node)}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
        case _:
            raise AssertionError(node)


_Loader.add_multi_constructor("!", _short_form)


def read(name: str) -> dict[str, Any]:
    template: dict[str, Any] = yaml.load((FOLDER / name).read_text(encoding="utf-8"), _Loader)
    return template


def properties(name: str, resource: str) -> dict[str, Any]:
    found: dict[str, Any] = read(name)["Resources"][resource]["Properties"]
    return found


def allowed(name: str) -> dict[tuple[str, ...], list[Any]]:
    """What the function's role may do, by actions: on what."""
    (policy,) = properties(name, "Role")["Policies"]
    statements: dict[tuple[str, ...], list[Any]] = {}
    for one in policy["PolicyDocument"]["Statement"]:
        assert one["Effect"] == "Allow" and set(one) == {"Effect", "Action", "Resource"}
        actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
        statements[tuple(sorted(actions))] = one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]
    return statements


SSM = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${SecretsPath}/*"


@pytest.mark.parametrize(("name", "profile"), [(ONE, "default"), (MANY, "*")])
def test_the_function_may_touch_its_own_checkpoint_and_read_its_own_parameters(name: str, profile: str) -> None:
    key = f"${{State.Arn}}/musicdiff/{profile}/checkpoint.json.gz"
    expected = {
        ("s3:GetObject", "s3:PutObject"): [{"Sub": key}, {"Sub": f"{key}.prev"}],
        ("s3:PutObject",): [{"Sub": f"{key}.v*"}],
        ("ssm:GetParameters",): [{"Sub": SSM}],
        ("logs:CreateLogStream", "logs:PutLogEvents"): [{"Sub": "${Logs.Arn}"}],
    }
    if name == MANY:
        queue = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
        expected[queue] = [{"GetAtt": "Queue.Arn"}]
    assert allowed(name) == expected
    assert set(properties(name, "Role")) == {"AssumeRolePolicyDocument", "Policies"}, "and no managed policy"


@pytest.mark.parametrize(("name", "action", "target"), [(ONE, "lambda:InvokeFunction", "Function.Arn"), (MANY, "sqs:SendMessage", "Queue.Arn")])  # fmt: skip  # noqa: E501
def test_the_schedule_may_do_one_thing(name: str, action: str, target: str) -> None:
    (policy,) = properties(name, "ScheduleRole")["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement == {"Effect": "Allow", "Action": action, "Resource": {"GetAtt": target}}


@pytest.mark.parametrize("name", [ONE, MANY])
def test_nothing_is_tried_again_behind_the_jobs_back(name: str) -> None:
    schedules = read(name)["Resources"]
    schedule = schedules["Schedule"] if name == ONE else schedules["Fn::ForEach::Schedules"][2]["Schedule&{Profile}"]
    once = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 3600}
    assert schedule["Properties"]["Target"]["RetryPolicy"] == once
    assert properties(name, "Function")["EventInvokeConfig"] == once


def test_one_run_at_a_time() -> None:
    assert properties(ONE, "Function")["ReservedConcurrentExecutions"] == 1


def test_the_queue_has_one_run_of_a_profile_and_waits_for_it() -> None:
    function, queue, source = (properties(MANY, name) for name in ("Function", "Queue", "Source"))
    assert queue["FifoQueue"] and queue["ContentBasedDeduplication"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    redrive = queue["RedrivePolicy"]
    assert redrive == {"deadLetterTargetArn": {"GetAtt": "Undelivered.Arn"}, "maxReceiveCount": 3}
    assert properties(MANY, "Undelivered")["FifoQueue"], "a FIFO queue has a FIFO queue for its dead"
    assert queue["MessageRetentionPeriod"] > redrive["maxReceiveCount"] * queue["VisibilityTimeout"]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"] and source["BatchSize"] == 1
    assert source["ScalingConfig"]["MaximumConcurrency"] == function["ReservedConcurrentExecutions"]
    concurrency = read(MANY)["Parameters"]["Concurrency"]
    assert concurrency["MinValue"] == 2, "less is refused"
    rate = read(MANY)["Parameters"]["DeezerRequestsPer5s"]
    assert rate["Default"] * concurrency["Default"] <= 35, "docs/scale.md has the simulation"
    target = read(MANY)["Resources"]["Fn::ForEach::Schedules"][2]["Schedule&{Profile}"]["Properties"]["Target"]
    assert target["SqsParameters"] == {"MessageGroupId": {"Ref": "Profile"}}
    assert json.loads(target["Input"]["Sub"].replace("${Profile}", "alice")) == {"profile": "alice"}


@pytest.mark.parametrize("name", [ONE, MANY])
def test_the_alarm_hears_what_the_job_says_and_silence_too(name: str) -> None:
    resources = read(name)["Resources"]
    alarm = resources["NoSuccess"] if name == ONE else resources["Fn::ForEach::NoSuccess"][2]["NoSuccess&{Profile}"]
    told = alarm["Properties"]
    assert told["Namespace"] == emf.NAMESPACE
    assert told["MetricName"] == "Unhealthy" and "Unhealthy" in emf.METRICS
    assert [one["Name"] for one in told["Dimensions"]] == [emf.DIMENSION]
    assert told["TreatMissingData"] == "breaching"
    # The least of each hour: one healthy run in 26 hours is enough, and none, or no run, is not.
    assert (told["Statistic"], told["Threshold"], told["Period"]) == ("Minimum", 1, 3600)
    assert told["EvaluationPeriods"] == told["DatapointsToAlarm"] == 26


@pytest.mark.parametrize("name", [ONE, MANY])
def test_the_function_is_there_and_its_settings_are_accepted(name: str, tmp_path: Path) -> None:
    function = properties(name, "Function")
    module, _, attribute = function["Handler"].rpartition(".")
    assert getattr(import_module(module), attribute) is aws_lambda.handler
    assert function["Timeout"] - aws_lambda.MARGIN > 0.9 * function["Timeout"]
    filled = {key: re.sub(r"\$\{State\}", "bucket", str(value)) for key, value in _variables(function).items()}
    filled["MUSICDIFF_DEEZER_REQUESTS_PER_5S"] = "25"
    assert filled.pop(PLACE) == "ssm:${SecretsPath}"
    loaded = settings.load(env=filled, cwd=tmp_path, profile="alice")
    assert loaded.settings.checkpoint.url == "s3://bucket/musicdiff/alice/checkpoint.json.gz"


def _variables(function: dict[str, Any]) -> dict[str, Any]:
    given = function["Environment"]["Variables"]
    return {name: value.get("Sub", value) if isinstance(value, dict) else value for name, value in given.items()}


@pytest.mark.parametrize("name", [ONE, MANY])
def test_the_bucket_is_nobody_elses(name: str) -> None:
    bucket = properties(name, "State")
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert read(name)["Resources"]["State"]["DeletionPolicy"] == "Retain"
    (statement,) = properties(name, "StatePolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_cloudformations_linter_has_no_complaint() -> None:
    linter = shutil.which("cfn-lint")
    if linter is None:
        pytest.skip("cfn-lint is not installed")
    done = subprocess.run([linter, *FOLDER.glob("*.yaml")], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "")

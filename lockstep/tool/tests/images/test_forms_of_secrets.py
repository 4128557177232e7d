"""Secrets are recognised by their forms, and what only resembles one is not."""

import json

import pytest

from lockstep_tool.images.forms_of_secrets import FORMS, name_secrets

# In two parts each, so that no scanner takes this file for one that has secrets.
SECRETS = {
    "a private key": ("-----BEGIN ", "RSA PRIVATE KEY-----\nMIIEVQIBADAN"),
    "a PuTTY key": ("PuTTY-User-", "Key-File-3: ssh-ed25519"),
    "an age key": ("AGE-SECRET-", f"KEY-1{'Q' * 58}"),
    "an AWS access key": ("AKIA", "IOSFODNN7EXAMPLE"),
    "an Azure storage key": ("AccountKey", f"={'a' * 86}=="),
    "a Google API key": ("AIza", "S" * 35),
    "a Google OAuth secret": ("GOCSPX", f"-{'a' * 28}"),
    "a DigitalOcean token": ("dop_v1", f"_{'a' * 64}"),
    "a Vault token": ("hvs", f".{'a' * 90}"),
    "a GitHub token": ("ghp", f"_{'a' * 36}"),
    "a GitLab token": ("glpat", f"-{'a' * 20}"),
    "an npm token": ("npm", f"_{'a' * 36}"),
    "a PyPI token": ("pypi-", f"AgE{'a' * 70}"),
    "a SendGrid key": ("SG", f".{'a' * 22}.{'a' * 43}"),
    "a Slack token": ("xoxb", f"-123456789012-{'a' * 12}"),
    "a Stripe key": ("sk_live", f"_{'a' * 24}"),
}
HARMLESS = {
    "code that reads a key": 'if not text.startswith("-----BEGIN PRIVATE KEY-----"):',
    "a certificate": "-----BEGIN CERTIFICATE-----\nMIIEVQIBADAN",
    "a public key": "-----BEGIN PUBLIC KEY-----\nMIIEVQIBADAN",
    "a hash": "sha256:" + "0123456789abcdef" * 4,
    "a name": "sk_live_key, ghp_token, npm_config_registry, AKIA, task-list",
    "an address": "https://example.org/hooks.slack.com/services",
}


def test_every_form_has_a_secret() -> None:
    assert SECRETS.keys() == FORMS.keys()


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_recognised_in_code_and_in_json(kind: str) -> None:
    secret = "".join(SECRETS[kind])

    assert name_secrets(f'value = "{secret}"\n') == [kind]
    assert name_secrets(json.dumps({"value": f"{secret}\n"})) == [kind]


@pytest.mark.parametrize("what", HARMLESS)
def test_what_resembles_a_secret_is_none(what: str) -> None:
    assert name_secrets(HARMLESS[what]) == []

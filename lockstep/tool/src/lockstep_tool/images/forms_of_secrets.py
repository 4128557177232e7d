"""Recognise secrets by what they look like: private keys, and what clouds, forges and other services give out.

Each form is one that its issuer documents, with a fixed beginning. A random word or a suspicious name says nothing about an
image, so that neither is looked for.
"""

import re
from collections.abc import Mapping

__all__ = ["name_secrets"]

FORMS: Mapping[str, re.Pattern[str]] = {
    # Code that only speaks of a key has none behind the line. A service account is JSON: a line break is two characters there.
    "a private key": re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr])+[A-Za-z0-9+/]{4}"),
    "a PuTTY key": re.compile(r"PuTTY-User-Key-File-\d: \S"),
    "an age key": re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    "an AWS access key": re.compile(r"A[KS]IA[0-9A-Z]{16}(?![0-9A-Za-z])"),
    "an Azure storage key": re.compile(r"AccountKey=[A-Za-z0-9+/]{86}=="),
    "a Google API key": re.compile(r"AIza[\w-]{35}"),
    "a Google OAuth secret": re.compile(r"GOCSPX-[\w-]{28}"),
    "a DigitalOcean token": re.compile(r"do[oprt]_v1_[0-9a-f]{64}"),
    "a Vault token": re.compile(r"hv[bs]\.[\w-]{90}"),
    "a GitHub token": re.compile(r"gh[oprsu]_[A-Za-z0-9]{36}|github_pat_\w{82}"),
    "a GitLab token": re.compile(r"gl(?:pat|dt|ft|rt|soat)-[\w-]{20}"),
    "an npm token": re.compile(r"npm_[A-Za-z0-9]{36}"),
    "a PyPI token": re.compile(r"pypi-AgE[\w-]{70}"),
    "a SendGrid key": re.compile(r"SG\.[\w-]{22}\.[\w-]{43}"),
    "a Slack token": re.compile(r"xox[abeoprs]-\d+-[\w-]{10}|hooks\.slack\.com/services/T\w+/B\w+/\w{20}"),
    "a Stripe key": re.compile(r"[rs]k_live_[0-9A-Za-z]{24}"),
}


def name_secrets(text: str) -> list[str]:
    """The kinds of secrets in a text, such as `a private key`; never the secrets themselves."""
    return [kind for kind, form in FORMS.items() if form.search(text)]

"""What files and variables that hold secrets are called, and what the first bytes of keys are."""

from __future__ import annotations

import re
from typing import Final, Literal

Likeness = Literal["certain", "likely", "sample", ""]
"""How much a file looks like a secret: it is one by content or by a name used for nothing else; it may be one; it is one that a
package ships for its tests or as an example; it does not."""

_STORES: Final = frozenset(
    ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "kubeconfig",
     ".netrc", "_netrc", ".pgpass", ".pypirc", ".git-credentials", ".dockercfg")
)  # fmt: skip
_STORE_PATHS: Final = re.compile(
    r"(?:.*/)?(?:\.aws/credentials|\.docker/config\.json|\.kube/config|\.cache/huggingface/(?:token|stored_tokens)|\.huggingface/token"
    r"|\.kaggle/kaggle\.json|\.config/gcloud/(?:application_default_credentials\.json|credentials\.db)|\.config/gh/hosts\.yml"
    r"|\.azure/(?:accessTokens|msal_token_cache)\.json|\.config/rclone/rclone\.conf|\.ssh/id_[^/.]+|etc/apt/auth\.conf)"
)
_LIKELY: Final = re.compile(
    r"\.env(?:\.(?!example|sample|template|dist|defaults?$)[\w-]+)?|\.npmrc|\.yarnrc\.yml|\.htpasswd|\.my\.cnf|credentials(?:\.\w+)?"
    r"|secrets?(?:\.(?:json|ya?ml|toml|txt|env))?|token|(?:service[-_]account|client[-_]secret)\S*\.json"
    r"|terraform\.tfstate|\S+\.(?:p12|pfx|jks|keystore|ppk|kdbx)"
)
_KEY_FILES: Final = (".pem", ".key", ".asc")
_PRIVATE: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-")
_SAMPLES: Final = re.compile(
    r"(?:.*/)?(?:site-packages|dist-packages|node_modules|share|lib/python3(?:\.\d+)?|lib/ruby|examples?|tests?|testdata)/"
)
_ENDS: Final = (
    *_STORES, *_KEY_FILES, "token", "credentials", "config", ".json", ".db", ".yml", ".yaml", ".toml", ".txt", ".env", "secret",
    "secrets", ".npmrc", ".htpasswd", ".cnf", ".tfstate", ".p12", ".pfx", ".jks", ".keystore", ".ppk", ".kdbx", ".conf",
)  # fmt: skip
"""One of these ends every name above but ".env.production"; asking for them first is quick."""
_LAST_TWO: Final = frozenset(end[-2:] for end in _ENDS)

_SECRET_VARIABLE: Final = re.compile(
    r"(?:^|.*_)(?:PASSWORD|PASSWD|PASS|SECRET|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_?KEY(?:_ID)?|PRIVATE_?KEY|SECRET_?KEY|AUTH_?KEY"
    r"|ENCRYPTION_?KEY|SIGNING_?KEY)(?:_?\d+)?",
    re.IGNORECASE,
)
_SECRET_VALUE: Final = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|hf_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{20,}|xox[abprs]-[\w-]{10,}"
    r"|glpat-[\w-]{20,}|AIza[\w-]{35}|pypi-[\w-]{40,}|-----BEGIN [A-Z ]*PRIVATE KEY|\b[a-z][a-z0-9+.-]{0,20}://[^/\s:@$]+:[^/\s@$]{3,}@"
)
_PLACEHOLDER: Final = re.compile(
    r"|true|false|yes|no|none|null|changeme|\d{1,3}|/\S*|\$.*|<.*>|\[.*\]|x{3,}|\*+", re.IGNORECASE
)
_LONGEST: Final = 20_000
_ASSIGNED: Final = re.compile(r"(?:^|[\s|])([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S*)")


def may_be_secret(path: str) -> bool:
    """Tell quickly whether file_likeness() may find anything in a path."""
    return (path[-2:] in _LAST_TWO and path.endswith(_ENDS)) or ".env" in path or "id_" in path


def file_likeness(path: str, head: bytes) -> Likeness:
    """Return how much a file looks like a secret, by its path and first bytes (empty where they are not known)."""
    if not may_be_secret(path):
        return ""
    name = path.rpartition("/")[2]
    is_private = _PRIVATE.search(head) is not None
    is_store = name in _STORES or _STORE_PATHS.fullmatch(path) is not None
    if is_private or is_store:
        return "sample" if _SAMPLES.match(path) else "certain"
    if name.endswith(_KEY_FILES) or not _LIKELY.fullmatch(name) or _SAMPLES.match(path):
        return ""
    return "likely"


def is_secret_variable(name: str, value: str) -> bool:
    """Tell whether a variable looks as if it held a secret: by its name, unless the value cannot be one, or by its value."""
    if _SECRET_VALUE.search(value[:_LONGEST]):
        return True
    return _SECRET_VARIABLE.fullmatch(name) is not None and not _PLACEHOLDER.fullmatch(value.strip("\"' "))


def secrets_in_step(created_by: str) -> list[str]:
    """Return the names of what a build step assigns that looks like a secret, its values being in the image's history."""
    assigned = [(name, value) for name, value in _ASSIGNED.findall(created_by[:_LONGEST]) if is_secret_variable(name, value)]
    if not assigned and _SECRET_VALUE.search(created_by[:_LONGEST]):
        return ["a value"]
    return list(dict.fromkeys(name for name, _ in assigned))

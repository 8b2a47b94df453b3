"""The seal of a kept JSON file: its checksum, by which damage is found, and a signature of who made it.

The last two lines of a sealed file are the SHA-256 of everything before them, and that checksum signed with
a secret of the user (HMAC). Whoever changes the file can make its checksum anew; the signature they cannot.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalknet.files import read_regular, user_key
from chalknet.schema import parse_json

_LARGEST_BYTES = 64 << 20
_SEAL = re.compile(rb',\n  "seal": "([0-9a-f]{64})",\n  "signature": "([0-9a-f]{64})?"\n}\n\Z')
_KEYS = ("chalknet_run", "seal", "signature")  # a file with one of them was sealed


@dataclass(frozen=True)
class Unsealed:
    """What stood in a JSON file of a run.

    Args:
        values: its keys, without those of the seal.
        sealed: whether it has a seal; earlier versions wrote none.
        own: whether this user made it on this machine.
    """

    values: dict[str, Any]
    sealed: bool
    own: bool


def sealed(values: Mapping[str, Any]) -> bytes:
    """Return the content of a JSON file with its seal."""
    body = json.dumps({"chalknet_run": 2, **values}, indent=2, allow_nan=False).encode()[: -len("\n}")]
    checksum = hashlib.sha256(body).hexdigest()
    return body + f',\n  "seal": "{checksum}",\n  "signature": "{_signature(checksum)}"\n}}\n'.encode()


def read_sealed(path: Path) -> Unsealed:
    """Return what stands in a JSON file of a run, its checksum verified.

    Raises:
        FileProblem: for a link, a pipe or a folder in its place.
        OSError: for a file that cannot be read.
        ValueError: for one that is damaged.
    """
    content = read_regular(path, _LARGEST_BYTES)
    found = _SEAL.search(content, max(0, len(content) - 256))
    values = parse_json(content)
    if found is None:
        if any(key in values for key in _KEYS):
            raise ValueError("its seal is gone: it was damaged or edited")
        return Unsealed(values, sealed=False, own=False)
    checksum = hashlib.sha256(content[: found.start()]).hexdigest()
    if checksum != found[1].decode():
        raise ValueError("its checksum is another: it was damaged or edited")
    if values.pop("chalknet_run", None) != 2:
        raise ValueError("it is of a newer version of chalknet")
    for key in ("seal", "signature"):
        del values[key]
    signature = (found[2] or b"").decode()
    return Unsealed(
        values, sealed=True, own=bool(signature) and hmac.compare_digest(signature, _signature(checksum))
    )


def _signature(checksum: str) -> str:
    key = user_key()
    return "" if key is None else hmac.new(key, f"chalknet run {checksum}".encode(), "sha256").hexdigest()

"""A link that holds the state of a tab in its fragment, which a browser never sends to a server."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from chalknet.studio.session import TabSession

_VERSION = 1
_MOST_BYTES = 2_000_000  # of an unpacked fragment
_MOST_DEPTH = 12


def fragment_of(session: TabSession) -> str:
    """Return the fragment that restores what the tab shows.

    Example:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> session = TabSession(ThreadPoolExecutor(1), "2 -> 1")
        >>> state_of(fragment_of(session))["text"]
        '2 -> 1'
    """
    state = {"chalknet": _VERSION, "text": session.text, "language": session.language, **session.settings}
    packed = zlib.compress(json.dumps(state, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def state_of(fragment: str) -> dict[str, Any]:
    """Return the state in a fragment; empty if it is not from the studio or unpacks to too many bytes."""
    try:
        packed = base64.urlsafe_b64decode(fragment + "=" * (-len(fragment) % 4))
        unpacked = zlib.decompressobj().decompress(packed, _MOST_BYTES)
        state = json.loads(unpacked)
    except (ValueError, zlib.error, RecursionError):
        return {}
    is_ours = isinstance(state, dict) and state.get("chalknet") == _VERSION
    return state if is_ours and isinstance(state.get("text"), str) and _depth(state) < _MOST_DEPTH else {}


def restore(session: TabSession, fragment: str) -> bool:
    """Restore the state in a fragment to a tab; return whether there was one."""
    state = state_of(fragment)
    if not state:
        return False
    session.text = state.pop("text")
    if state.get("language") in ("en", "ko"):
        session.language = state["language"]
    panels = {name: value for name, value in state.items() if isinstance(value, dict)}
    session.settings.clear()
    session.settings.update(panels)
    return True


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)

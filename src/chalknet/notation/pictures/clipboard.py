"""What lies on the clipboard, a picture or a text, as the programs of each system give it."""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from chalknet.errors import FileProblem
from chalknet.notation.limits import LIMITS
from chalknet.notation.picture_kinds import picture_kind

CLIPBOARD = "clipboard:"
_SECONDS = 10
_HEX = re.compile(rb"data PNGf([0-9A-Fa-f]+)")
_WINDOWS = (
    "Add-Type -AssemblyName System.Windows.Forms; $i = [Windows.Forms.Clipboard]::GetImage(); "
    "if ($i) { $m = New-Object IO.MemoryStream; $i.Save($m, [Drawing.Imaging.ImageFormat]::Png); "
    "[Convert]::ToBase64String($m.ToArray()) }"
)
_WINDOWS_TEXT = "[Console]::OutputEncoding = [Text.Encoding]::UTF8; Get-Clipboard -Raw"


def _of_base64(answer: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(answer.split()), validate=True)
    except binascii.Error:
        return b""


def _of_hex(answer: bytes) -> bytes:
    found = _HEX.search(answer)
    return bytes.fromhex(found[1].decode()[: len(found[1]) // 2 * 2]) if found else b""


class _Program(NamedTuple):
    """A program that gives what lies on the clipboard.

    Args:
        name: of the program.
        picture: its words, to be given a picture; empty for one that gives texts alone.
        text: its words, to be given a text.
        unpacked: from its answer to the picture.
        on: a variable of the environment without which it cannot answer; empty for none.
    """

    name: str
    picture: tuple[str, ...]
    text: tuple[str, ...]
    unpacked: Callable[[bytes], bytes] = bytes
    on: str = ""


_PROGRAMS = (
    _Program("wl-paste", ("--type", "image/png"), ("--no-newline", "--type", "text"), on="WAYLAND_DISPLAY"),
    _Program(
        "xclip",
        ("-selection", "clipboard", "-target", "image/png", "-out"),
        ("-selection", "clipboard", "-target", "UTF8_STRING", "-out"),
        on="DISPLAY",
    ),
    _Program("xsel", (), ("--clipboard", "--output"), on="DISPLAY"),
    _Program("osascript", ("-e", "the clipboard as «class PNGf»"), ("-e", "the clipboard as text"), _of_hex),
    *(
        _Program(
            name,
            ("-NoProfile", "-Sta", "-Command", _WINDOWS),
            ("-NoProfile", "-Sta", "-Command", _WINDOWS_TEXT),
            _of_base64,
        )
        for name in ("powershell", "powershell.exe", "pwsh")
    ),
)


def from_clipboard() -> bytes | str:
    """Return what lies on the clipboard: the file of a picture, or a text.

    Raises:
        FileProblem: where there is neither, or no program that could tell.
    """
    at_hand = [
        program._replace(name=path)
        for program in _PROGRAMS
        if (not program.on or os.environ.get(program.on)) and (path := shutil.which(program.name))
    ]
    if not at_hand:
        raise FileProblem(
            where="the clipboard",
            got="no program at hand that tells what lies on it",
            wanted="wl-paste or xclip (Linux), osascript (macOS) or powershell (Windows), and a desktop",
            remedy="Install wl-clipboard (Wayland) or xclip (X11), or save the picture and give its file.",
        )
    for program in at_hand:
        answer = program.unpacked(_answer(program.name, program.picture)) if program.picture else b""
        if picture_kind(answer) is not None:
            return answer
    for program in at_hand:
        text = _answer(program.name, program.text).decode("utf-8", "replace").lstrip("\ufeff")
        if text.strip():
            return text.replace("\r\n", "\n")
    raise FileProblem(
        where="the clipboard",
        got="neither a picture nor a text",
        wanted="a picture that was copied, or a screenshot",
        remedy="Copy the picture itself, not its file, or save it and give the file's name.",
    )


def _answer(name: str, words: tuple[str, ...]) -> bytes:
    """Return what a program prints, at most as much as is read of any picture; nothing where it fails."""
    most = 3 * LIMITS["bytes of a picture"]  # in hexadecimal digits
    with (
        suppress(OSError),
        subprocess.Popen(
            [name, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as program,
    ):
        try:
            answer, _ = program.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            program.kill()
            return b""
        return answer[:most] if program.returncode == 0 else b""
    return b""

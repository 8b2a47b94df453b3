"""Turn torch's error about devices into one that names the tensors, their devices and the line to write."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType, TracebackType

import torch
from torch import nn

from chalknet.errors import DeviceMismatch, Refused
from chalknet.hardware.failing import Failing, Operand, failing
from chalknet.hardware.naming import NamedTensor, Owner, TensorNames, tensors_in

# torch's messages when tensors on different devices meet.
_WORDS = re.compile(
    r"on the same (GPU|device)|at the same device|not on the expected device|different from other tensors on"
    r"|different devices|[Ee]xpected device|[Ee]xpected object of (device|backend)|on different GPUs"
    r"|but expected (it|them) to be on|expected .*DeviceType|same dtype, device|and weight type \("
    r"|\bFakeTensor|convert all Tensors to Fake|Placeholder storage has not been allocated on MPS",
    re.DOTALL,
)
_FAKE = re.compile(r"Unhandled FakeTensor|convert all Tensors to Fake|Mixing fake")
_NO_VALUES = re.compile(r"copy out of meta tensor|called on meta tensors|convert meta device type tensor")
_DEVICE = re.compile(r"\b(?:cpu|meta|(?:cuda|mps|xpu)(?::\d+)?)\b")
_MOST_NAMED = 4
_TORCH, _OURS = Path(torch.__file__).parent, Path(__file__).parents[1]
_LAYERS = (_TORCH / "nn", _TORCH / "optim", _TORCH / "functional.py")


def mismatch(problem: Exception) -> DeviceMismatch | None:
    """Return the explanation of an error about devices, None for any other error."""
    message = str(problem)
    links = _links(problem.__traceback__)
    if isinstance(problem, torch.OutOfMemoryError) or not _WORDS.search(message) or not links:
        return None
    devices = tuple(dict.fromkeys(_DEVICE.findall(message)))
    crash = Crash(links, _FAKE.search(message) is not None, devices)
    things = crash.things()
    if not things:
        return None
    return DeviceMismatch(
        where=crash.where, got=_show(things), wanted="all of them on one device", remedy=_remedy(things)
    )


def without_values(problem: Exception) -> Refused | None:
    """Return the explanation of an error about missing values on `meta`, None for any other error."""
    links = _links(problem.__traceback__)
    if not _NO_VALUES.search(str(problem)) or not links:
        return None
    crash = Crash(links, False, ())
    names = ", ".join(thing.name for thing in crash.on("meta")[:_MOST_NAMED])
    return Refused(
        where=crash.where,
        got=f"{names or 'a tensor'} on meta, where there are shapes and no numbers",
        wanted="numbers",
        remedy="Make it anew on the device that is to compute, and fill it.",
    )


@dataclass(frozen=True, eq=False)
class Participant:
    """A tensor that took part in the failed operation, or the text of one that no variable holds."""

    place: str
    tensor: torch.Tensor | None
    text: str = ""


@dataclass(frozen=True)
class Crash:
    """The frames of a traceback, the outermost first, and the facts of its message.

    Args:
        links: the traceback, frame by frame, without those of this module.
        fake: whether fake tensors and real ones met.
        devices: the devices that the message names.
    """

    links: tuple[TracebackType, ...]
    fake: bool
    devices: tuple[str, ...]

    @property
    def frames(self) -> list[FrameType]:
        """Return the frames, the innermost first, then those that called the body."""
        frames = [link.tb_frame for link in reversed(self.links)]
        outer = self.links[0].tb_frame.f_back if self.links else None
        while outer is not None:
            frames.append(outer)
            outer = outer.f_back
        return frames

    @property
    def where(self) -> str:
        """Return the innermost failed line of the user's code."""
        for link in reversed(self.links):
            if _is_users(link.tb_frame):
                found = failing(link)
                return f"{found.where}: {found.text}" if found.text else found.where
        caller = next(frame for frame in self.frames if _is_users(frame))
        return f"line {caller.f_lineno} of {Path(caller.f_code.co_filename).name}"

    def things(self) -> list[NamedTensor]:
        """Return the participants of the innermost frame in which some on two devices have names."""
        return self._named(_differing, lambda named: len({thing.place for thing in named}) > 1)

    def on(self, place: str) -> list[NamedTensor]:
        """Return the participants on one device, of the innermost frame in which they have names."""
        return self._named(lambda parts: [part for part in parts if part.place == place], bool)

    def _named(
        self,
        select: Callable[[list[Participant]], list[Participant]],
        suffices: Callable[[list[NamedTensor]], bool],
    ) -> list[NamedTensor]:
        names = self._names()
        for parts in self._candidates():
            found = dict.fromkeys(self._thing(part, names) for part in select(parts))
            named = [thing for thing in found if thing is not None]
            if suffices(named):
                return named
        return []

    def _candidates(self) -> Iterator[list[Participant]]:
        """Yield groups that may have met, likeliest first: operands of what failed, then variables."""
        for link in reversed(self.links):
            torchs = _within(link.tb_frame, _TORCH)
            if torchs and not any(_within(link.tb_frame, layer) for layer in _LAYERS):
                continue  # below its layers torch works on views of the user's tensors
            yield self._parts_of(failing(link), in_user_code=_is_users(link.tb_frame))
            if not _is_users(link.tb_frame):
                yield self._held(tensors_in(dict(link.tb_frame.f_locals)))
        users = [frame for frame in self.frames if _is_users(frame)]
        yield from (self._held(tensors_in(dict(frame.f_locals))) for frame in users[:1])

    def _names(self) -> TensorNames:
        users = [frame for frame in self.frames if _is_users(frame)]
        names = TensorNames()
        names.add_frames(frame for frame in users if not _is_own_method(frame))
        names.add_frames(frame for frame in users if _is_own_method(frame))
        names.add_frames(frame for frame in self.frames if _within(frame, _OURS))
        for link in self.links:  # a module made and called in one expression
            own = _own(link.tb_frame)
            if isinstance(own, nn.Module) and id(own) not in names.inputs:
                names.add_module(Owner(f"{type(own).__name__}()", own))
        return names

    def _thing(self, part: Participant, names: TensorNames) -> NamedTensor | None:
        """Return a participant with its name, None where it has none that the user knows."""
        named = names.tensors.get(id(part.tensor))
        if named is None and part.text:
            named = NamedTensor(part.text, moves=False, code=True)
        named = named or self._described(part.tensor, names)
        return None if named is None else replace(named, place=part.place)

    def _described(self, tensor: torch.Tensor | None, names: TensorNames) -> NamedTensor | None:
        """Return where a tensor without a name came from: an expression, or the input of a module."""
        for outer, link in reversed(list(zip((None, *self.links), self.links, strict=False))):
            given = [value for value in link.tb_frame.f_locals.values() if value is not _own(link.tb_frame)]
            if not any(inner is tensor for inner in tensors_in(given)):
                continue
            called_by_user = outer is not None and _is_users(outer.tb_frame)
            if outer is not None and called_by_user:
                unknown = [operand.text for operand in failing(outer).operands if not operand.known]
                if unknown:
                    alone = len(unknown) == 1
                    text = unknown[0] if alone else f"one of {' and '.join(unknown)}"
                    return NamedTensor(text, moves=False, code=alone)
            known = names.inputs.get(id(_own(link.tb_frame)))
            if known is not None and not called_by_user:
                return known
        return None

    def _parts_of(self, found: Failing, in_user_code: bool) -> list[Participant]:
        known = [operand.value for operand in found.operands if operand.known]
        parts = self._held(tensor for value in known for tensor in tensors_in(value))
        places = {part.place for part in parts}
        for operand in found.operands if in_user_code else ():
            place = None if operand.known else self._place_made(operand, places)
            if place is not None:
                parts.append(Participant(place, None, operand.text))
        return parts

    def _place_made(self, operand: Operand, places: set[str]) -> str | None:
        """Return the device of a value that no variable holds: from the message, or from its operands."""
        unaccounted = [device for device in self.devices if device not in places]
        made = {self._place(tensor) for value in operand.made_from for tensor in tensors_in(value)}
        if len(unaccounted) == 1 and made:
            return unaccounted[0]
        return made.pop() if len(made) == 1 else None

    def _held(self, tensors: Iterator[torch.Tensor]) -> list[Participant]:
        return [
            Participant(self._place(tensor), tensor)
            for tensor in {id(each): each for each in tensors}.values()
        ]

    def _place(self, tensor: torch.Tensor) -> str:
        fake = self.fake and type(tensor).__name__ == "FakeTensor"
        return f"{'fake ' if fake else ''}{tensor.device}"


def _links(traceback: TracebackType | None) -> tuple[TracebackType, ...]:
    links = []
    while traceback is not None:
        links.append(traceback)
        traceback = traceback.tb_next
    own = {"explain", "__exit__", "inner"}  # the context manager or its decorator
    while links and links[0].tb_frame.f_code.co_name in own and not _is_users(links[0].tb_frame):
        links.pop(0)
    return tuple(links)


def _differing(parts: list[Participant]) -> list[Participant]:
    """Return the participants if they are on two devices; a single number on the CPU may meet any device."""
    numbers = [part for part in parts if part.tensor is not None and part.tensor.ndim == 0]
    for some in ([part for part in parts if part not in numbers], parts):
        if len({part.place for part in some}) > 1:
            return some
    return []


def _within(frame: FrameType, folder: Path) -> bool:
    return Path(frame.f_code.co_filename).is_relative_to(folder)


def _is_users(frame: FrameType) -> bool:
    path = frame.f_code.co_filename
    ours = _within(frame, _OURS) or _within(frame, _TORCH)
    return not ours and not path.endswith(("/contextlib.py", "\\contextlib.py"))


def _is_own_method(frame: FrameType) -> bool:
    """Return whether a frame is a method of a module, whose names are internal."""
    kinds = {kind.__name__ for kind in type(_own(frame)).__mro__}
    inside = frame.f_code.co_qualname.split(".")[:-1]
    return isinstance(_own(frame), nn.Module) and not kinds.isdisjoint(inside)


def _own(frame: FrameType) -> object:
    """Return the first argument of a frame's function, which in a method is the object itself."""
    return frame.f_locals.get(next(iter(frame.f_code.co_varnames), ""))


def _show(things: Sequence[NamedTensor]) -> str:
    by_place: dict[str, list[str]] = {}
    for thing in things:
        by_place.setdefault(thing.place, []).append(thing.name)
    shown = []
    for place, names in by_place.items():
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        shown.append(f"{', '.join(names[:_MOST_NAMED])}{more} on {place}")
    return " and ".join(shown)


def _remedy(things: Sequence[NamedTensor]) -> str:
    """Return the line to write; where there are two possibilities, the more likely first.

    Moving to an accelerator is preferred, then moving to where a module is; nothing can be moved from `meta`.
    """
    if any(thing.place.startswith("fake ") for thing in things):
        return "Make all of them under FakeTensorMode, or none."
    places = sorted(dict.fromkeys(thing.place for thing in things), key=lambda place: _cost(place, things))
    moves = [_lines([thing for thing in things if thing.place != place], place) for place in places]
    written = list(dict.fromkeys(" and ".join(lines) for lines in moves if lines))
    if not written:
        return f"Make them where the others are, with device={places[0]!r}."
    on_meta = any(thing.place == "meta" for thing in things)
    warning = " What is on meta has shapes and no values: make it anew where values are wanted."
    return f"Write {', or '.join(written)}.{warning if on_meta else ''}"


def _cost(place: str, things: Sequence[NamedTensor]) -> tuple[bool, bool]:
    """Return the sort key of a target device: lower is better."""
    modules_there = any(
        thing.owner is not None and isinstance(thing.owner.thing, nn.Module)
        for thing in things
        if thing.place == place
    )
    return place in ("cpu", "meta"), not modules_there


def _lines(moved: Sequence[NamedTensor], place: str) -> list[str]:
    """Return the lines that move these participants, none where one of them cannot be moved."""
    lines = [_line(thing, place) for thing in moved]
    if None in lines or any(thing.place == "meta" for thing in moved):
        return []
    return [line for line in dict.fromkeys(lines) if line]


def _line(thing: NamedTensor, place: str) -> str | None:
    if thing.code:
        name = thing.name if thing.name.endswith((")", "]")) else f"({thing.name})"
        return f'{name}.to("{place}")'
    if thing.owner is None or not thing.moves:
        return f'{thing.name} = {thing.name}.to("{place}")' if _is_target(thing.name) else None
    if isinstance(thing.owner.thing, torch.optim.Optimizer):
        return f'cn.place("{place}", {thing.module}, {thing.owner.name})'
    return f'{thing.owner.name}.to("{place}")'


def _is_target(name: str) -> bool:
    """Return whether a name can stand before an equals sign."""
    try:
        ast.parse(f"{name} = 0")
    except SyntaxError:
        return False
    return True

"""Programs in other languages than Python, each read as the PyTorch that its layers stand for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import NamedTuple

from chalknet.errors import ChalknetError
from chalknet.network import Network
from chalknet.notation.languages import cpp, julia, rust
from chalknet.notation.languages.bindings import bind_names
from chalknet.notation.languages.cpp import CppChains
from chalknet.notation.languages.deeplearning4j import Configurations
from chalknet.notation.languages.javascript import JsProgram
from chalknet.notation.languages.javascript_words import JsWords
from chalknet.notation.languages.julia import JuliaChains
from chalknet.notation.languages.layers import REMEDY, ProgramReading
from chalknet.notation.languages.lexing import CPP, JAVA, JAVASCRIPT, JULIA, MATLAB, RUST, CodeWords, Spelling
from chalknet.notation.languages.matlab import MatlabArrays
from chalknet.notation.languages.python_text import PythonText
from chalknet.notation.languages.rust import RustProgram
from chalknet.notation.languages.shallow import ROWS as SHALLOW_ROWS
from chalknet.notation.languages.shallow import read_shallow, shallow_networks
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText
from chalknet.notation.torch_source import network_of_code

_LONGEST = 100_000
_BLANKS = re.compile(r"[ \t]*+")
_CERTAIN = 0.985  # more than code that is recognised and not read


class LanguageRow(NamedTuple):
    """A language whose programs are read.

    Args:
        name: the name of the notation.
        suffixes: the endings of its files.
        what: what its code is called in errors.
        spelling: how it spells.
        hint: a word of every program with layers, as a pattern that is found fast.
        shows: whether a program says that it makes layers.
        read: returns the network that it makes; raises the error for what is not read.
    """

    name: str
    suffixes: tuple[str, ...]
    what: str
    spelling: Spelling
    hint: re.Pattern[str]
    shows: Callable[[ProgramReading], bool]
    read: Callable[[ProgramReading, str | None], Network]


def _shows_flux(reading: ProgramReading) -> bool:
    text = reading.source.text
    imported = any(_in_code(reading, found.start()) for found in julia.IMPORTS.finditer(text))
    return imported or JuliaChains(reading).are_layers


def _in_code(reading: ProgramReading, place: int) -> bool:
    """Return whether a place is in no comment and no text in quotes."""
    found = _BLANKS.match(reading.source.text, place)
    return found is not None and found.end() in reading.starts


def _read_flux(reading: ProgramReading, name: str | None) -> Network:
    return _followed(reading, JuliaChains(reading).write, name)


def _shows_matlab(reading: ProgramReading) -> bool:
    return bool(shallow_networks(reading)) or MatlabArrays(reading).are_layers


def _read_matlab(reading: ProgramReading, name: str | None) -> Network:
    shallow = shallow_networks(reading)
    if shallow and next(MatlabArrays(reading).found(), None) is None:
        return read_shallow(reading, shallow, name)
    if shallow:
        place = reading.place(reading.words.all[shallow[0]])
        raise reading.refuse(place, "a network of one call, beside an array of layers", "one of them")
    return _followed(reading, MatlabArrays(reading).write, name)


def _shows_rust(reading: ProgramReading) -> bool:
    text = reading.source.text
    imported = any(_in_code(reading, found.start()) for found in rust.IMPORTS.finditer(text))
    return imported or RustProgram(reading).makes_layers


def _read_rust(reading: ProgramReading, name: str | None) -> Network:
    return _followed(reading, RustProgram(reading).write, name)


def _shows_cpp(reading: ProgramReading) -> bool:
    text = reading.source.text
    named = (found.start() in reading.starts for found in cpp.NAMED.finditer(text))
    return cpp.INCLUDES.search(text) is not None or (
        any(named) and next(CppChains(reading).found(), None) is not None
    )


def _read_cpp(reading: ProgramReading, name: str | None) -> Network:
    chains = CppChains(reading)
    chains.bind_macros()
    return _followed(reading, chains.write, name)


def _shows_javascript(reading: ProgramReading) -> bool:
    return JsWords(reading).make_models


def _read_javascript(reading: ProgramReading, name: str | None) -> Network:
    return JsProgram(reading).network(name)


def _shows_deeplearning4j(reading: ProgramReading) -> bool:
    return next(Configurations(reading).starts(), None) is not None


def _read_deeplearning4j(reading: ProgramReading, name: str | None) -> Network:
    return Configurations(reading).network(name)


def _followed(reading: ProgramReading, write: Callable[[PythonText], None], name: str | None) -> Network:
    """Return the network of the Python that is written for a program."""
    python = PythonText(reading.source)
    write(python)
    if python.is_empty:
        raise _nothing(reading.source)
    network = network_of_code(python.parsed(), name)
    return replace(network, notes=(*dict.fromkeys([*network.notes, *reading.notes]),))


_ROWS = (
    LanguageRow(
        "julia",
        (".jl",),
        "Julia code for Flux or Lux",
        JULIA,
        re.compile(r"\bChain\b|\b(?:Flux|Lux)\b"),
        _shows_flux,
        _read_flux,
    ),
    LanguageRow(
        "matlab",
        (".m",),
        "MATLAB code",
        MATLAB,
        re.compile(rf"\b[a-z]\w*Layer\b|\b(?:{'|'.join(SHALLOW_ROWS)})\b"),
        _shows_matlab,
        _read_matlab,
    ),
    LanguageRow(
        "rust",
        (".rs",),
        "Rust code for burn, candle or tch",
        RUST,
        re.compile(r"\b(?:burn|candle|candle_nn|candle_core|tch)\b|\bseq(?:_t)?\(\)"),
        _shows_rust,
        _read_rust,
    ),
    LanguageRow(
        "cpp",
        (".cpp", ".cc", ".cxx"),
        "C++ code for torch",
        CPP,
        re.compile(r"\btorch::nn::|<torch/"),
        _shows_cpp,
        _read_cpp,
    ),
    LanguageRow(
        "javascript",
        (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx"),
        "JavaScript code",
        JAVASCRIPT,
        re.compile(r"\b(?:sequential|layers|model|NeuralNetwork(?:GPU)?|Perceptron)\b"),
        _shows_javascript,
        _read_javascript,
    ),
    LanguageRow(
        "deeplearning4j",
        (".java", ".scala", ".kt", ".kts"),
        "Deeplearning4j code",
        JAVA,
        re.compile(r"\bNeuralNetConfiguration\b"),
        _shows_deeplearning4j,
        _read_deeplearning4j,
    ),
)


@lru_cache(maxsize=16)
def _reading(row: LanguageRow, text: str) -> ProgramReading | None:
    """Return what a text is read with, None where it is no program of a language with layers in it."""
    if len(text) > _LONGEST or not row.hint.search(text):
        return None
    reading = ProgramReading(SourceText(row.what, text, remedy=REMEDY), CodeWords(text, row.spelling))
    return reading if row.shows(reading) else None


def recognise_language(row: LanguageRow, text: str) -> float:
    """Return how likely it is that a text is a program of a language that makes layers."""
    return _CERTAIN if _reading(row, text) is not None else 0.0


def read_language(row: LanguageRow, text: str, name: str | None = None) -> Network:
    """Return the network of a program in another language than Python.

    Args:
        row: the language.
        text: the program.
        name: the variable that is the network, or `line 12`, where the program makes several.

    Raises:
        NotationError: for a program without layers, with several networks, or whose layers depend on what
            only running it would tell.
        CannotExpress, ShapeMismatch: as for the same layers in Python.
    """
    found = _reading(row, text)
    source = SourceText(row.what, text, remedy=REMEDY)
    reading = ProgramReading(source, found.words if found else CodeWords(text, row.spelling))
    bind_names(reading)
    return row.read(reading, name)


def _nothing(source: SourceText) -> ChalknetError:
    return source.refuse(
        None,
        got="code without a chain of layers",
        wanted="layers in one chain",
        remedy="Give the part that makes the layers too, or write a formula: 784 -> 32 relu -> 1 sigmoid.",
    )


LANGUAGES = tuple(
    Notation(
        name=row.name,
        suffixes=row.suffixes,
        recognise=partial(recognise_language, row),
        read=partial(read_language, row),
    )
    for row in _ROWS
)

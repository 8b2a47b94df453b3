"""What `print(model)` gave of a model of flax or equinox: its layers as Python shows objects."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from chalknet.network import Network
from chalknet.notation.libraries.jax import EQUINOX, FLAX, NNX
from chalknet.notation.libraries.library import Library
from chalknet.notation.limits import check_limit
from chalknet.notation.listings.printed import Held, network_of_print
from chalknet.notation.listings.unshown import UNKNOWN
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_text import Code
from chalknet.notation.torch_values import Call, CodeChain

_BEGINS = re.compile(
    r"^(?:[ \t]*+>>>)?+[ \t]*+([A-Z]\w*+)\((?: # [^\n]*+)?+\n[ \t]*+(?:# attributes\n|\w++=)", re.M
)
_MARKS = re.compile(r"=b?f[0-9]{1,2}\[|\bParam\( #|=Param\(|^[ \t]*+# attributes$", re.M)
_CODE = re.compile(r"^[ \t]*+(?:import|from|class|def) ", re.M)
_COMMENT = re.compile(r" # [^\n]*+|^[ \t]*+# attributes$", re.M)
_OBJECT = re.compile(r"<[^<>\n]*+(?:<[^<>\n]*+>[^<>\n]*+)*+>")
_FUNCTION = re.compile(r"(?:function|ufunc)\s+'?(?:\w+\.)*+(\w+)")
_ARRAY = re.compile(
    r"\bArray\((?:[^()]|\([^()]*+\))*+\)(?: overlaying:\s*+\[[^\]]*+\])?+"
    r"|\b(?:b?f|u?i|c|bool)[0-9]*+\[[0-9,]*+\]"
)
_NO_COMMA = re.compile(r"(?<=[^\s(\[,])\n (?= *\w+ = )")  # linen puts none between attributes
_ANY_FUNCTION, _LAMBDA = "_f_", "_lambda"
_CHAINS = ("Sequential", "List", "Dict")
_WITH_PARTS = (
    "MultiheadAttention",
    "MultiHeadAttention",
    "MultiHeadDotProductAttention",
    "LSTMCell",
    "GRUCell",
)
# What a model of flax holds besides modules.
_NO_MODULES = frozenset(
    "Param Variable BatchStat RngStream RngKey RngCount RngState Rngs Intermediate".split()
)
_REMEDY = "Give what print(model) printed as a whole, or the code of the model."


def read_printed_jax(text: str, name: str | None = None) -> Network:
    """Return the network of a model of flax (nnx, a linen Sequential) or equinox that was printed.

    Args:
        text: what `print(model)` printed, also with other text around it.
        name: of no use here: the text holds one model.

    Raises:
        NotationError: for a print that is cut off, or in which no layer stands.
        CannotExpress: for a layer that no step describes.
        ShapeMismatch: for layers that do not follow each other.
    """
    source = SourceText("printed model", text.replace("\t", "    "), remedy=_REMEDY)
    check_limit(source, None, "characters of code", len(text))
    begins = _BEGINS.search(source.text)
    if begins is None:
        raise source.refuse(None, got="no model", wanted="what print(model) printed")
    library = FLAX if "# attributes" in text else NNX if "Param(" in text else EQUINOX
    name, span = begins[1], Span(*begins.span(1))
    try:
        tree = ast.parse(_as_code(source.text, span.start))
        model = next(part for part in ast.walk(tree) if isinstance(part, ast.Call))
        held = list(_Reading(Code(source, tree), library, model).held(model))
    except (SyntaxError, StopIteration, RecursionError, MemoryError):
        got = f"{name}(, which cannot be followed to its last bracket"
        raise source.refuse(span, got=got, wanted="the print as a whole") from None
    return network_of_print(source, span, "Sequential" if name in library.layers else name, held)


def recognise_printed_jax(text: str) -> float:
    """Return how likely it is that a text is what `print(model)` printed of flax or equinox."""
    if not any(sign in text for sign in ("=f", "=bf", "Param(", "# attributes")):
        return 0.0
    return 1.0 if _MARKS.search(text) and _BEGINS.search(text) and not _CODE.search(text) else 0.0


def _as_code(text: str, start: int) -> str:
    """Return a print from a place to its last bracket as Python, every character at its place.

    Arrays become None, functions a name, and what stands before is left out.
    """
    before = re.sub(r"[^\n]", " ", text[:start])
    margin = len(before) - before.rfind("\n") - 1
    text = _COMMENT.sub(lambda found: " " * len(found.group()), text[start:])
    text = _ARRAY.sub(lambda found: _filled("None", found.group()), text)
    text = _OBJECT.sub(lambda found: _filled(_named(found.group()), found.group()), text)
    text = _NO_COMMA.sub("\n,", text)
    depth = 0
    for bracket in re.finditer(r"[()\[\]{}]", text):
        depth += 1 if bracket.group() in "([{" else -1
        if not depth:
            text = text[: bracket.end()]
            break
    return f"{before[: len(before) - margin]}({' ' * (margin - 1)}{text})" if margin else f"{before}{text}"


def _filled(word: str, instead_of: str) -> str:
    """Return a word with the line ends and the length of the text that it stands for."""
    return word + "".join(sign if sign == "\n" else " " for sign in instead_of[len(word) :])


def _named(shown: str) -> str:
    if "<lambda>" in shown:
        return _LAMBDA
    function = _FUNCTION.search(shown)
    return f"{_ANY_FUNCTION}{function[1]}"[: len(shown)] if function else _ANY_FUNCTION[: len(shown)]


@dataclass(frozen=True)
class _Reading:
    """Finds the layers in a print.

    Args:
        code: the print as Python.
        library: whose layers they are.
        model: the outermost call.
    """

    code: Code
    library: Library
    model: ast.Call

    def held(self, node: ast.expr, chain: int | None = None) -> Iterator[Held]:
        """Yield the layers of a part in their order, each with the chain that it is in."""
        match node:
            case ast.Call(ast.Name(kind)) if kind in self.library.layers:
                yield from self._layers(kind, node, chain)
            case ast.Call(ast.Name(kind)) if kind not in _NO_MODULES:
                yield from self._module(kind, node, chain)
            case ast.List(parts) | ast.Tuple(parts) | ast.Dict(_, parts):
                for part in parts:
                    yield from self.held(part, chain)
            case ast.Name(name) if name.startswith(_ANY_FUNCTION):
                step = self.library.activation(name.removeprefix(_ANY_FUNCTION))
                if step is not None or chain is not None:
                    yield Held(
                        CodeLayer(self.code.span(node), step or UNKNOWN, kind=step.kind if step else ""),
                        chain,
                    )

    def _module(self, kind: str, node: ast.Call, chain: int | None) -> Iterator[Held]:
        """Yield the layers inside a chain or a class of the user's own."""
        inner = (node.lineno if chain is None else chain) if kind in _CHAINS else None
        parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        found = [one for part in parts for one in self.held(part, inner)]
        if kind in _WITH_PARTS or (not found and node is not self.model):
            with self.code.source.pointing(self.code.span(node)):
                raise self.library.no_step(f"the layer {kind}")
        yield from found

    def _layers(self, kind: str, node: ast.Call, chain: int | None) -> Iterator[Held]:
        """Yield the layer that a call is, or the several that an MLP is."""
        known = self.library.layers[kind].parameters
        values = {one.arg: self._value(one.value) for one in node.keywords if one.arg in known}
        made = self.library.make(kind, Call(self.code.source, self.code.span(node), [], values))
        layers = made.items if isinstance(made, CodeChain) else [made]
        for layer in layers:
            assert isinstance(layer, CodeLayer)
            if layer.problem is not None:
                raise layer.problem
            yield Held(layer, node.lineno if chain is None and len(layers) > 1 else chain)

    def _value(self, node: ast.expr) -> object:
        """Return the value of an argument: a function is the activation that it is, a lambda none."""
        if isinstance(node, ast.Name) and node.id.startswith(_ANY_FUNCTION):
            step = self.library.activation(node.id.removeprefix(_ANY_FUNCTION)) or UNKNOWN
            return CodeLayer(self.code.span(node), step)
        if isinstance(node, ast.Name):
            return None if node.id == _LAMBDA else Unknown(node.id)
        try:
            return ast.literal_eval(node)
        except ValueError:
            return Unknown(ast.unparse(node))


PRINTED_JAX = Notation(name="printed-jax", recognise=recognise_printed_jax, read=read_printed_jax)

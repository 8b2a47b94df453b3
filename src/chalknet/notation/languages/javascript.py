"""JavaScript for TensorFlow.js, brain.js and synaptic: followed statement by statement, never run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chalknet.errors import ChalknetError
from chalknet.network import Network
from chalknet.notation.languages.javascript_calls import JsCalls
from chalknet.notation.languages.javascript_values import JsFlow, JsLayer, JsModel
from chalknet.notation.languages.javascript_words import DECLARES, MAKES, JsLoop, JsWords
from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.terms import NameTerm, OperationTerm
from chalknet.notation.tokens import Span
from chalknet.notation.torch_layers import Unknown
from chalknet.notation.torch_network import network_of_layers

_CONDITIONS = frozenset("if else while switch do catch".split())
_LONGEST_LOOP = 200  # rounds that are followed
_DEEPEST = 50  # blocks in blocks
_MOST_WORDS = 500_000  # that are followed, those of loops once for each round
_MUTATES = frozenset("pop shift unshift splice reverse sort fill".split())


class JsProgram:
    """Follows a program, and keeps the models that it makes.

    Args:
        reading: the program.
    """

    def __init__(self, reading: ProgramReading) -> None:
        self._reading = reading
        self._words = JsWords(reading)
        self._calls = JsCalls(reading, self._words)
        self._values = self._calls.values
        self._depth = 0
        self._followed = 0
        self._stray: ChalknetError | None = None  # layers that are given to no model that is known

    def network(self, name: str | None) -> Network:
        """Return the network of the model that the program makes.

        Args:
            name: the variable that is the model, where there are several.

        Raises:
            NotationError: for a program with no model or several, and for what only running it would tell.
            CannotExpress: for a layer that no step describes.
        """
        self._walk(0, len(self._words.all) - 1)
        model = self._chosen(name)
        if problem := model.problem or self._stray:
            raise problem
        seen: set[int] = set()
        for layer in model.layers:
            if layer.problem is not None:
                raise layer.problem
            if layer.step is not None and layer.step.trainable and id(layer) in seen:
                got = f"{self._reading.shown(layer.span)}, which is used twice, with the same weights"
                raise self._reading.refuse(layer.span, got, "weights of its own for each layer", layer=True)
            seen.add(id(layer))
        called = model.name.rpartition(".")[2]
        network = network_of_layers(
            self._reading.source, model.layers, name=called if called.isidentifier() else "net"
        )
        return replace(network, notes=(*dict.fromkeys([*network.notes, *self._reading.notes]),))

    def _chosen(self, name: str | None) -> JsModel:
        """Return the only model that is a part of no other one, or the one that a name asks for."""
        models = self._calls.models
        whole = [one for one in models if not any(_is_part(one, other) for other in models)]
        names = [self._names(one) for one in whole]
        chosen = [one for one, own in zip(whole, names, strict=True) if name is None or name in own]
        if len(chosen) == 1:
            return chosen[0]
        if not whole:
            got, remedy = "JavaScript code that makes no model", "Give the part that makes the layers too."
            raise self._stray or self._reading.source.refuse(
                None, got=got, wanted="a model such as tf.sequential()", remedy=remedy
            )
        every = [name for own in names for name in set(own)]
        offered = [next((name for name in own if name and every.count(name) == 1), own[-1]) for own in names]
        listed = ", ".join(f"{own[0] or 'one'} in {own[-1]}" for own in names)
        offers = " or ".join(map(repr, offered))
        raise self._reading.source.refuse(
            None,
            got=f"{len(whole)} networks: {listed}",
            wanted="one, or the name of one",
            remedy=f"Say which: name={offers}; --name on the command line.",
        )

    def _names(self, model: JsModel) -> tuple[str, ...]:
        """Return what a model may be asked for by: its variable, the function that makes it, its line."""
        line = f"line {self._reading.source.excerpt(model.span).line_number}"
        return model.name, model.name.rpartition(".")[2], model.function, line

    def _walk(self, at: int, end: int) -> None:
        """Follow the statements between two words."""
        self._depth += 1
        if self._depth > _DEEPEST:
            got, wanted = "blocks nested without end", f"at most {_DEEPEST} in each other"
            raise self._reading.refuse(self._reading.place(self._words.all[at]), got, wanted)
        while at < end:
            self._followed += 1
            if self._followed > _MOST_WORDS:
                got = "loops of more rounds than are followed"
                raise self._reading.refuse(self._reading.place(self._words.all[at]), got)
            at = max(at + 1, self._statement(at))
        self._depth -= 1

    def _statement(self, at: int) -> int:
        """Follow what begins at a word; return the index of the word behind it."""
        words = self._words
        word = words.all[at]
        if word.kind != "name" or words.is_sign(at - 1, "."):
            return self._arrow(at, "")
        if word.text == "for":
            return self._loop(at)
        if word.text == "if":
            return self._if(at)
        if word.text in _CONDITIONS:
            return self._condition(at)
        if word.text == "return":
            return self._returns(at + 1)
        if word.text == "function":
            at += words.is_sign(at + 1, "*")
            named = words.all[at + 1].kind == "name"
            return self._body(words.all[at + 1].text if named else "", at + 1 + named)
        if word.text in DECLARES or word.text in ("async", "new"):
            return at + 1
        if (opening := words.method(at)) is not None:
            return self._body(word.text, opening)
        return self._expression(at)

    def _expression(self, at: int) -> int:
        """Follow a statement that begins with a name: a value for it, a call, a function of it."""
        words = self._words
        behind = words.path_end(at)
        path = words.path(at, behind)
        if words.is_sign(behind, "=>"):
            return self._arrow(at, "")
        if (equals := words.equals(at, behind)) is not None:
            return self._assigned(at, path, equals)
        if words.changes(behind):
            self._values.names[path] = Unknown(f"{path}, which is changed")
            return behind
        return self._called(at, behind) if words.is_sign(behind, "(") else behind

    def _body(self, name: str, opening: int) -> int:
        """Follow the body of a function whose parameters stand at a word, and keep what it returns."""
        words = self._words
        body = words.body(opening)
        if body is None:
            return opening + 1
        outer, function, unsure = dict(self._values.names), self._calls.function, self._calls.unsure
        self._calls.function = name
        self._forget()
        self._bind(name, opening)
        entered = dict(self._values.names)
        if words.is_expression(body):
            self._returns(body.start)
        self._walk(body.start, body.end)
        own = words.declared(body.start, body.end) | set(words.parameters(opening))
        changed = {
            key: value
            for key, value in self._values.names.items()
            if key not in own and entered.get(key) is not value
        }
        self._values.names = outer | changed
        self._calls.function, self._calls.unsure = function, unsure
        return body.end

    def _forget(self) -> None:
        """Forget values that may be others once a function is called: of names that are set several times."""
        names = self._values.names
        for name, value in names.items():
            plain = isinstance(value, int | float | str | list | dict)
            if plain and (problem := self._problem(name)):
                names[name] = Unknown(problem)

    def _problem(self, name: str) -> str:
        """Return why a name has no value that holds for the whole program; empty where it has one."""
        return self._reading.constants.problem(NameTerm(name, Span(0, 1)))

    def _bind(self, name: str, opening: int) -> None:
        """Give the parameters of a function what its only call gives them, else what they are by default."""
        given = self._words.only_call(name) if name else None
        for place, (parameter, default) in enumerate(self._words.parameters(opening).items()):
            value: object = Unknown(parameter)
            if given is not None and place < len(given):
                self._forget()
                value = self._values.of(given[place])
            elif default is not None and self._words.calls(name) < 2:
                value = self._values.of(default)
            self._values.names[parameter] = Unknown(parameter) if isinstance(value, Unknown) else value

    def _arrow(self, at: int, name: str) -> int:
        """Follow the body of an arrow function that begins at a word."""
        return at + 1 if self._words.arrow(at) is None else self._body(name, at)

    def _assigned(self, at: int, path: str, equals: int) -> int:
        """Follow `path = value`."""
        words = self._words
        start = words.after_lines(equals + 1)
        start += words.all[start].text == "async"
        last = path.rpartition(".")[2]
        if words.all[start].text == "function":
            named = words.all[start + 1].kind == "name"
            return self._body(last, start + 1 + named)
        if words.arrow(start) is not None:
            return self._body(last, start)
        value, behind = self._value(start)
        kept = value
        if self._calls.unsure and words.all[at - 1].text not in DECLARES and not isinstance(value, JsModel):
            kept = Unknown(f"{path}, which is set under '{self._calls.unsure}'")
        self._values.names[path] = kept
        if isinstance(value, JsModel) and not value.name:
            value.name = path
        return start if isinstance(value, Unknown) else behind

    def _value(self, start: int) -> tuple[object, int]:
        """Return what the expression at a word is, and the index of the word behind it."""
        term, behind = self._reading.terms.read(start)
        ends = self._words.all[behind]
        whole = ends.kind in ("newline", "name") or ends.text in (";", ",", ")", "}", "]")
        if self._words.is_sign(behind, "?"):
            return self._values.conditional(term), self._words.expression_end(behind)
        return self._values.of(term) if whole else Unknown(self._reading.shown(term)), behind

    def _returns(self, at: int) -> int:
        """Keep what a function returns; return where its statements go on."""
        if self._words.all[at].kind == "newline" or self._words.arrow(at) is not None:
            return at
        value, behind = self._value(at)
        if self._calls.function and not isinstance(value, Unknown):
            twice = self._calls.function in self._calls.returned or self._calls.unsure
            self._calls.returned[self._calls.function] = Unknown(self._calls.function) if twice else value
        return at if isinstance(value, Unknown) else behind

    def _condition(self, at: int) -> int:
        """Follow what runs under a condition, of which it is not known whether it does."""
        return self._in_doubt(self._words.all[at].text, self._words.block(at))

    def _if(self, at: int) -> int:
        """Follow what a condition chooses, where it is known what that is."""
        words = self._words
        asked = words.condition(at)
        truth = None if asked is None else self._values.of(asked)
        if not isinstance(truth, bool):
            return self._condition(at)
        body = words.block(at)
        if truth:
            self._walk(body.start, body.end)
        behind = words.behind(body)
        while words.all[behind].text == "else":
            if not truth:
                return behind + 1 if words.all[behind + 1].text == "if" else self._certainly(behind)
            skipped = behind + 1 if words.all[behind + 1].text == "if" else behind
            behind = words.behind(words.block(skipped))
        return behind

    def _certainly(self, at: int) -> int:
        body = self._words.block(at)
        self._walk(body.start, body.end)
        return body.end

    def _in_doubt(self, word: str, body: Span) -> int:
        outer, self._calls.unsure = self._calls.unsure, self._calls.unsure or word
        self._walk(body.start, body.end)
        self._calls.unsure = outer
        return max(body.end, body.start)

    def _loop(self, at: int) -> int:
        """Follow a loop: each round where they are known."""
        words = self._words
        head, body = words.loop(at), words.block(at)
        rounds = None if head is None or words.leaves(body.start, body.end) else self._rounds(head)
        if rounds is None or head is None:
            return self._in_doubt("for", body)
        self._each([head.name], ([one] for one in rounds), body)
        return body.end

    def _each(self, names: list[str], rounds: Iterable[list[object]], body: Span) -> None:
        """Follow the statements of a loop, once for each round."""
        outer = dict(self._values.names)
        for values in rounds:
            self._values.names |= dict(zip(names, values, strict=False))
            self._calls.made = {}
            self._walk(body.start, body.end)
        self._calls.made = {}
        for name in names:
            self._values.names.pop(name, None)
            if name in outer:
                self._values.names[name] = outer[name]

    def _rounds(self, head: JsLoop) -> list[object] | None:
        """Return the values of a loop's variable; None where they are not known, or too many."""
        values = [self._values.of(term) for term in head.over]
        found: list[object] | None = None
        if head.kind in ("of", "in"):
            members = values[0] if isinstance(values[0], list) else None
            found = members if members is None or head.kind == "of" else list(range(len(members)))
        elif isinstance(values[0], int) and isinstance(values[1], int):
            last = min(values[1] + (head.kind == "<="), values[0] + _LONGEST_LOOP + 1)
            found = list(range(values[0], last))
        return found if found is not None and len(found) <= _LONGEST_LOOP else None

    def _called(self, at: int, behind: int) -> int:
        """Follow a call that is a statement of its own, or a part of what is not followed."""
        words = self._words
        if behind not in words.closing:
            return behind
        path = words.path(at, behind)
        owner, _, method = path.rpartition(".")
        if method == "forEach":
            return self._for_each(owner, at, behind)
        chosen = words.is_sign(at - 1, "?", "&&", "||")
        if owner and (method in _MUTATES or method in ("add", "push")):
            outer = self._calls.unsure
            if chosen or words.is_sign(at - 1, ":"):
                self._calls.unsure = outer or words.all[at - 1].text
            changed = self._changed(owner, method, at, behind)
            self._calls.unsure = outer
            return changed
        if MAKES.search(path) and chosen:
            return self._either(at)
        if MAKES.search(path):
            value, after = self._value(at)
            return after if isinstance(value, JsModel | JsFlow | JsLayer) else behind
        return behind

    def _either(self, at: int) -> int:
        """Follow a value of which a condition chooses whether it is taken: `deep ? a : b`, `a || b`."""
        term, behind = self._reading.terms.read(at)
        outer, self._calls.unsure = self._calls.unsure, self._calls.unsure or self._words.all[at - 1].text
        for one in term.values if isinstance(term, OperationTerm) else (term,):
            self._values.of(one)
        self._calls.unsure = outer
        return behind

    def _for_each(self, owner: str, at: int, behind: int) -> int:
        """Follow `widths.forEach((n) => {...})`."""
        words = self._words
        members = self._values.of(NameTerm(owner, self._reading.place(words.all[at])))
        body = words.body(behind + 1) if words.arrow(behind + 1) is not None else None
        if body is None:
            return behind
        if not isinstance(members, list) or len(members) > _LONGEST_LOOP:
            return self._in_doubt("forEach", body)
        names = list(words.parameters(behind + 1))
        self._each(names, ([one, place] for place, one in enumerate(members)), body)
        return body.end

    def _changed(self, owner: str, method: str, at: int, behind: int) -> int:
        """Follow `model.add(layer)` and `layers.push(layer)`; say of other changes that they are not read."""
        reading = self._reading
        place = reading.place(self._words.all[at])
        changed = self._values.of(NameTerm(owner, place))
        if method not in ("add", "push"):
            if isinstance(changed, JsModel):
                got = f"{owner}.{method}, which changes the layers of a model"
                changed.problem = changed.problem or reading.refuse(place, got, "layers that are added once")
            elif isinstance(changed, list):
                self._values.names[owner] = Unknown(f"{owner}, which is changed")
            return behind
        terms = reading.terms.members(behind)
        given = [self._values.of(one.value) for one in terms]
        shown = reading.shown(terms[0].value) if terms else "nothing"
        if isinstance(changed, list):
            known = not self._calls.unsure and not reading.source.text.startswith(
                "...", terms[0].value.span.start if terms else 0
            )
            changed = [*changed, *given] if known else Unknown(f"{owner}, which is changed")
            self._values.names[owner] = changed
        elif isinstance(changed, JsModel) and self._is_repeated(changed):
            got = f"{shown} in {owner}.add, in a function that is called several times"
            changed.problem = changed.problem or reading.refuse(place, got, "layers that are added once")
        elif isinstance(changed, JsModel):
            self._calls.add(changed, given[0] if len(given) == 1 else None, f"{shown} in {owner}.add", place)
        elif any(isinstance(one, JsLayer | JsModel) for one in given) and not isinstance(changed, JsFlow):
            got = f"layers that are added to {owner}, of which it is not known what it is"
            self._stray = self._stray or reading.refuse(place, got, "const model = tf.sequential()")
        else:
            return behind
        return self._words.closing[behind] + 1

    def _is_repeated(self, model: JsModel) -> bool:
        """Return whether layers are added to a model of elsewhere by a function that may be called again."""
        function = self._calls.function
        return bool(function) and function != model.function and self._words.calls(function) > 1


def _is_part(model: JsModel, other: JsModel) -> bool:
    """Return whether the layers of a model are among those of another one."""
    ids = {id(layer) for layer in other.layers}
    return len(other.layers) > len(model.layers) > 0 and all(id(layer) in ids for layer in model.layers)

"""PyTorch code analysed statement by statement without running it."""

from __future__ import annotations

import ast
from dataclasses import replace

from chalknet.errors import ChalknetError
from chalknet.notation.libraries.modules import fields_of, is_module, modes_of
from chalknet.notation.torch_effects import DECORATORS, OVERRIDDEN, WITHOUT_GRADIENT, Remarks, as_if, quoted
from chalknet.notation.torch_expressions import NOT_FOLLOWED, Expressions, shown
from chalknet.notation.torch_layers import Unknown
from chalknet.notation.torch_names import Binding, Jump, Names, Return
from chalknet.notation.torch_targets import Targets
from chalknet.notation.torch_text import Code
from chalknet.notation.torch_values import (
    Call,
    Class,
    CodeChain,
    Dotted,
    Flow,
    Function,
    Instance,
    elements,
    iterated,
    no_chain,
    roots,
)

_DEPTH = 60  # calls within calls
_IDLE_ROUNDS = 30  # rounds of a loop in a row that change no name: it fits or prints, and builds nothing


class Interpreter(ast.NodeVisitor):
    """The abstract interpreter: the names of a text and their values, statement by statement.

    Args:
        code: the parsed text. Its names are kept in `names`.
    """

    def __init__(self, code: Code) -> None:
        self.names = Names()
        self.notes: list[str] = []
        self.remarks = Remarks(code)
        self.forwards = 0  # how many of them are a forward, or called by one
        self.training = True  # the mode in which forward is followed
        self.mode_matters = False  # whether the code asked for it
        self.without_gradient = False
        self._visited: set[int] = set()
        self._jumps: list[str] = []  # notes on each break or continue that was passed over
        self._code = code
        expressions = Expressions(code, self)
        self._value, self.budget = expressions.value, expressions.budget
        self.bind = Targets(self, expressions).bind

    def follow(self) -> None:
        """Analyse the whole text."""
        self._block(self._code.tree.body)

    def instance(self, kind: Class, call: Call) -> Instance:
        """Return an object of the class, made with these arguments."""
        base = kind.base
        chain = CodeChain(call.span) if base is not None and base.last == "Sequential" else None
        made = Instance(kind, call.span, chain=chain)
        self._decorated(kind.node)
        for name in filter(kind.member, OVERRIDDEN):
            self.notes.append(f"{kind.node.name} has a {name} of its own, which is not read")
        library = is_module(base)
        if isinstance(method := kind.member("__init__"), Function):
            self.enter(replace(method, owner=made), call)
        elif library:
            made.attributes.update(fields_of(kind, call))
        elif chain is not None:
            chain.append(*call.positional)
        if library and isinstance(setup := kind.member("setup"), Function):
            self.enter(replace(setup, owner=made), Call(call.source, call.span))
        return made

    def forward(self, instance: Instance, call: Call) -> object:
        """Return x after `forward`."""
        method = instance.kind.member("__call__") or instance.attributes.get("forward")
        method = method or instance.kind.member("forward") or instance.kind.member("call")
        flow = next((value for value in call.values if isinstance(value, Flow)), Flow(call.span))
        if isinstance(method, Function):
            given = call if flow in call.values else replace(call, positional=[flow, *call.positional[1:]])
            if is_module(instance.kind.base) and (modes := modes_of(method, self.training)):
                self.mode_matters = True
                given = replace(given, keywords={**modes, **given.keywords})
            self.forwards += 1
            try:
                return self.enter(replace(method, owner=method.owner or instance), given)
            finally:
                self.forwards -= 1
        if method is None and instance.chain is not None:
            return flow.through(instance.chain)
        name = instance.kind.node.name
        got = f"{name}, whose forward is {'not defined here' if method is None else 'set from outside'}"
        return flow.through(no_chain(self._code.source, instance.span, got))

    def enter(self, function: Function, call: Call) -> object:
        """Return what a function of the text gives; arguments left out become symbols."""
        if len(self.names.scopes) > _DEPTH:
            return Unknown(f"{function.node.name}(...)", of=roots(*call.values))
        before = self.without_gradient
        scope = self._arguments(function, call)
        self._decorated(function.node)
        self.names.functions.append(function)
        try:
            with self.names.scope(scope):
                self._block(function.node.body)
        except Return as leaving:
            return leaving.value
        except Jump:  # outside a loop
            return None
        finally:
            self.names.functions.pop()
            self.without_gradient = before
        return None

    def _decorated(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = shown(called).rpartition(".")[2]
            if name in WITHOUT_GRADIENT:
                self.without_gradient = bool(self.forwards)
            elif name not in DECORATORS:
                line, what = decorator.lineno, node.name
                self.notes.append(
                    f"line {line}: @{shown(decorator)} is not read: {what} is, as written below it"
                )

    def _arguments(self, function: Function, call: Call) -> dict[str, object]:
        node, given = function.node.args, dict(call.keywords)
        names = [argument.arg for argument in (*node.posonlyargs, *node.args)]
        positional = [function.owner, *call.positional] if function.owner else call.positional
        defaults = zip(names[len(names) - len(node.defaults) :], node.defaults, strict=True)
        only = [(a.arg, d) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True) if d is not None]
        scope: dict[str, object] = {name: Unknown(name) for name in names}
        scope |= {name: self._value(default) for name, default in (*defaults, *only)}
        scope |= dict(zip(names, positional, strict=False))
        if node.vararg:
            scope[node.vararg.arg] = tuple(positional[len(names) :])
        if node.kwarg:
            scope[node.kwarg.arg] = {name: given[name] for name in given if name not in scope}
        return scope | given

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self._visited.add(id(statement))
            self.budget.spend(statement)
            try:
                self.visit(statement)
            except ChalknetError:
                raise
            except NOT_FOLLOWED:  # it would fail when run too, or its value is known only then
                self._not_followed(statement)

    def generic_visit(self, node: ast.AST) -> None:
        """Pass over a statement that is not followed, saying so where it names layers."""
        if isinstance(node, ast.stmt) and not isinstance(
            node, ast.Pass | ast.Assert | ast.Raise | ast.AsyncFunctionDef
        ):
            self._not_followed(node)

    def _not_followed(self, node: ast.stmt) -> None:
        self.remarks.add(node, "not followed", *self.names.touched(node))
        for name, flow in self.names.flows(node).items():
            got = f"{quoted(node)}, which is not followed"
            self.names.scopes[-1][name] = self._poisoned(flow, node, got)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Bind a value to its targets."""
        value = self._value(node.value)
        for target in node.targets:
            self.bind(target, value, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Bind a value to its annotated target."""
        if node.value is not None:
            self.bind(node.target, self._value(node.value), node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Bind what an operator makes of the target and a value."""
        current = self._value(node.target)
        if isinstance(current, list) and isinstance(node.op, ast.Add):
            current.extend(iterated(self._value(node.value)))
        elif isinstance(current, CodeChain) and isinstance(node.op, ast.Add):
            current.append(*elements(self._value(node.value)))
        else:
            made = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
            self.bind(node.target, self._value(made), made)

    def visit_Delete(self, node: ast.Delete) -> None:
        """Take away names, attributes and members."""
        for target in node.targets:
            self.bind(target, Targets.NOTHING)

    def visit_Global(self, node: ast.Global) -> None:
        """Let names stand for those of the outermost level."""
        self.names.redirect(node.names, self.names.scopes[:1])

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        """Let names stand for those of the functions around."""
        self.names.redirect(node.names, self.names.closure)

    def visit_For(self, node: ast.For) -> None:
        """Follow the rounds of a loop over values."""
        many = self._value(node.iter)
        if isinstance(many, Unknown | Flow):
            self._round_of_many(node, Unknown(shown(node.target), of=roots(many)))
            return
        idle, before, jumps = 0, self.names.structures(self.budget), len(self._jumps)
        first = dict(before)
        for number, element in enumerate(many if isinstance(many, range) else iterated(many)):
            self.budget.spend(node)
            self.bind(node.target, element)
            if self._round(node.body):
                break
            if number % (8 * _IDLE_ROUNDS) >= _IDLE_ROUNDS:  # looking at all names each time takes long
                continue
            targets = {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}
            after = [entry for entry in self.names.structures(self.budget) if entry[0] not in targets]
            idle, before = (idle + 1 if after == before else 0), after
            if idle >= _IDLE_ROUNDS - 2:
                self._left_early(node, number + 1)
                break
        else:
            self._block(node.orelse)
        passed, self._jumps = self._jumps[jumps:], self._jumps[:jumps]
        if any(
            name in first and first[name] != now and roots(self.names.scopes[-1][name])
            for name, now in self.names.structures(self.budget)
        ):
            self.notes += passed

    def _round(self, body: list[ast.stmt]) -> bool:
        """Follow one round of a loop; return whether it leaves the loop."""
        try:
            self._block(body)
        except Jump as jump:
            return jump.leaves
        return False

    def _left_early(self, node: ast.For, rounds: int) -> None:
        """Say so where a loop that changes nothing holds layers in what was never reached."""
        unseen = [
            part for part in ast.walk(node) if isinstance(part, ast.stmt) and id(part) not in self._visited
        ]
        if self.names.touched(*unseen):
            self.notes.append(f"line {node.lineno}: the loop is read for its first {rounds} rounds alone")

    def _round_of_many(self, node: ast.For | ast.While, element: object) -> None:
        """Follow one round of a loop whose rounds are not known; what one more would change is not known."""
        before = dict(self.names.structures(self.budget))
        if isinstance(node, ast.For):
            self.bind(node.target, element)
        self._round(node.body)
        scope = self.names.scopes[-1]
        for name, now in self.names.structures(self.budget):
            if name not in before or before[name] == now:
                continue
            if isinstance(value := scope[name], Flow):
                scope[name] = self._poisoned(
                    value, node, "a loop whose rounds only running the code would tell"
                )
            elif isinstance(value, int | float):
                scope[name] = Unknown(name)
            else:
                self.remarks.add(node, "rounds", value)
        self._block(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        """Follow the rounds of a loop while names change."""
        before = None
        while before != (before := self.names.structures(self.budget)):
            test = self._value(node.test)
            if isinstance(test, Unknown | Flow):
                self._round_of_many(node, None)
                return
            if not test:
                break
            if self._round(node.body):
                return
        self._block(node.orelse)

    def visit_Break(self, node: ast.Break) -> None:
        """Leave the loop."""
        raise Jump(leaves=True)

    def visit_Continue(self, node: ast.Continue) -> None:
        """Go on with the next round."""
        raise Jump(leaves=False)

    def visit_If(self, node: ast.If) -> None:
        """Follow the branch that the test chooses; where it is not known, the one that changes names."""
        test = self._value(node.test)
        if not isinstance(test, Unknown | Flow):
            self._block(node.body if test else node.orelse)
            return
        branches = [(node.body, "true"), (node.orelse, "false")]
        for body, outcome in branches[isinstance(node.body[-1], ast.Raise) :]:  # what raises is not taken
            before, names = self.names.structures(self.budget), dict(self.names.scopes[-1])
            leaving: Return | Jump | None = None
            try:
                self._block(body)
            except (Return, Jump) as problem:
                leaving = problem
            if self.names.structures(self.budget) == before and not isinstance(leaving, Return):
                other = "false" if outcome == "true" else "true"
                self._jumps += [as_if(node, other)] * (leaving is not None)
                continue
            self._chosen(node, test, outcome, names, leaving)
            if leaving:
                raise leaving
            return

    def _chosen(
        self, node: ast.If, test: object, outcome: str, names: dict[str, object], leaving: Exception | None
    ) -> None:
        """Say which branch was read; where the values of x decide, x passes no chain."""
        if not any(isinstance(one, Flow) for one in roots(test)):
            self.notes.append(as_if(node, outcome))
            return
        what = f"a branch on the values of x, {shown(node.test)}"
        for name, value in self.names.scopes[-1].items():
            if isinstance(value, Flow) and names.get(name) is not value:
                self.names.scopes[-1][name] = self._poisoned(value, node, what)
        if isinstance(leaving, Return) and isinstance(leaving.value, Flow):
            leaving.value = self._poisoned(leaving.value, node, what)

    def _poisoned(self, flow: Flow, node: ast.stmt, got: str) -> Flow:
        return flow.through(no_chain(self._code.source, self._code.span(node), got))

    def visit_With(self, node: ast.With) -> None:
        """Follow the body."""
        before = self.without_gradient
        for item in node.items:
            context = self._value(item.context_expr)
            code = context.source if isinstance(context, Unknown) else shown(item.context_expr)
            name = code.partition("(")[0].rpartition(".")[2]
            if name == "autocast" and self.forwards:
                self.notes.append(f"line {node.lineno}: autocast sets a dtype, which is not read")
            self.without_gradient |= name in WITHOUT_GRADIENT and bool(self.forwards)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, context)
        try:
            self._block(node.body)
        finally:
            self.without_gradient = before

    def visit_Try(self, node: ast.Try) -> None:
        """Follow the code as if nothing failed, and say so where that may change layers."""
        handlers = [part for handler in node.handlers for part in handler.body]
        if self.names.touched(*handlers) or any(isinstance(part, ast.Return) for part in handlers):
            self.notes.append(f"line {node.lineno}: read as if nothing failed in the try")
        self._block([*node.body, *node.orelse, *node.finalbody])

    def visit_Expr(self, node: ast.Expr) -> None:
        """Keep the value of an expression on the outermost level."""
        value = self._value(node.value)
        if len(self.names.scopes) == 1:
            self.names.bindings.append(Binding("", value, node.lineno))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Bind a function."""
        self.names.bind(node.name, Function(node, closure=tuple(self.names.scopes[1:])), node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Bind a class."""
        kind = Class(node, tuple(self._value(base) for base in node.bases))
        closure = tuple(self.names.scopes[1:])
        with self.names.scope(dict(self.names.scopes[-1]) if len(self.names.scopes) > 1 else {}):
            known = set(self.names.scopes[-1])
            self._block(node.body)
            members = {name: value for name, value in self.names.scopes[-1].items() if name not in known}
        for name, value in members.items():
            method = replace(value, home=kind, closure=closure) if isinstance(value, Function) else value
            kind.members[name] = method
        self.names.bind(node.name, kind, node)

    def visit_Import(self, node: ast.Import) -> None:
        """Bind the modules that are imported."""
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self.names.scopes[-1][bound] = Dotted(alias.name if alias.asname else bound)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Bind the names that are imported from a module."""
        for alias in node.names:
            if alias.name != "*":
                self.names.scopes[-1][alias.asname or alias.name] = Dotted(
                    f"{node.module or ''}.{alias.name}"
                )

    def visit_Return(self, node: ast.Return) -> None:
        """Leave the function with a value."""
        raise Return(None if node.value is None else self._value(node.value))

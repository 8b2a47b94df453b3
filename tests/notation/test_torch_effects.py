"""What code does to layers besides making and calling them: refused, or told in a note that is true."""

import pytest
import torch
from tests.notation.programs import (
    AFTERWARDS,
    CHAIN_CHANGES,
    HEAD,
    IN_FORWARD,
    IN_INIT,
    IN_SELF,
    judge,
    run,
)

import chalknet as cn
from chalknet.errors import CannotExpress
from chalknet.network import Activation, Dropout, Linear, Network
from chalknet.notation.torch_source import read_torch


def program(init="pass", forward="pass", after=""):
    """Return a class of two linear maps of 8 features, with some lines more."""
    rows = HEAD + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    rows += "        self.a = nn.Linear(8, 8)\n        self.b = nn.Linear(8, 8)\n"
    rows += "".join(f"        {line}\n" for line in init.split("\n"))
    rows += "    def forward(self, x):\n        x = self.a(x)\n"
    rows += "".join(f"        {line}\n" for line in forward.split("\n"))
    return f"{rows}        return self.b(x)\nnet = Net()\n{after}\n"


def chain(change):
    sizes = {"w0": 8, "w1": 8, "w": 8, "v": 8}
    made = "net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))\n"
    return f"{HEAD}{made}{change.format(**sizes)}\n"


ALONE = [
    *[program(init=line.format(a="self.a", b="self.b")) for line in IN_INIT],
    *[program(init=line) for line in IN_SELF],
    *[program(forward=line.format(x="x").replace("l0", "a").replace("l1", "b")) for line in IN_FORWARD],
    *[program(after=line.format(a="a", b="b")) for line in AFTERWARDS],
    *[chain(change) for change in CHAIN_CHANGES],
]
CLEAN = program(forward="x = torch.relu(x)", after="net.train()\nprint(len(list(net.parameters())), end='')")


@pytest.mark.parametrize("code", ALONE)
def test_each_thing_that_programs_do_is_read_or_refused_or_noted(code):
    assert judge(code) in ("equal", "noted", "refused")


TIED = [
    "self.b.weight = self.a.weight",
    "self.b.weight = nn.Parameter(self.a.weight)",
    "self.b.weight.data = self.a.weight.data",
    "self.b.weight = nn.Parameter(self.a.weight.t())",
    "self.b.register_parameter('weight', self.a.weight)",
    "setattr(self.b, 'weight', self.a.weight)",
    "self.b._parameters['weight'] = self.a.weight",
    "w = self.a.weight\nself.b.weight = w",
    "self.tie = lambda p, q: setattr(p, 'weight', q.weight)\nself.tie(self.b, self.a)",
]


@pytest.mark.parametrize("line", TIED)
def test_tied_weights_are_refused_at_the_statement_and_the_module_can_be_fitted(line):
    code = program(init=line)
    with pytest.raises(CannotExpress, match="makes two layers share weights") as problem:
        read_torch(code)
    assert "weight" in str(problem.value.excerpt)
    assert "give the module itself to fit" in problem.value.remedy
    x = torch.randn(6, 8)
    assert cn.fit(run(code), (x, x), loss="mse", updates=2, engine="eager").history.loss


@pytest.mark.parametrize(
    "change",
    [
        "net = nn.Sequential(*[nn.Linear(8, 8)] * 3)",
        "net[2] = net[0]",
        "net = net * 2",
        "layers = [nn.Linear(8, 8)]\nlayers *= 2\nnet = nn.Sequential(*layers)",
        "one = nn.Linear(8, 8)\nnet = nn.Sequential(one, copy.copy(one))",
        "net = nn.Sequential(*copy.deepcopy([net[0]] * 2))",
    ],
)
def test_one_layer_in_two_places_is_refused(change):
    with pytest.raises(CannotExpress, match="used twice, with the same weights"):
        read_torch(chain(change))


@pytest.mark.parametrize(
    "lines",
    [
        "x = F.dropout(x)",
        "x = F.dropout(x, 0.5, True)",
        "x = nn.Dropout(0.3)(x)",
        "x = torch.dropout(x, 0.2, True)",
    ],
)
def test_a_dropout_that_is_on_in_evaluation_is_refused(lines):
    with pytest.raises(CannotExpress, match="on in evaluation too") as problem:
        read_torch(program(forward=lines))
    assert "training=self.training" in problem.value.remedy


@pytest.mark.parametrize(
    ("lines", "rate"),
    [
        ("x = F.dropout(x, training=self.training)", 0.5),  # as its remedy says
        ("x = F.dropout(x, 0.2, self.training)", 0.2),
        ("x = torch.dropout(x, 0.2, train=self.training)", 0.2),
        ("if self.training:\n    x = F.dropout(x, 0.3)", 0.3),
        ("x = F.dropout(x, 0.3) if self.training else x", 0.3),
        ("x = F.dropout(x, 0.2, False)", None),
    ],
)
def test_a_dropout_that_follows_the_mode_is_read(lines, rate):
    steps = (Linear(8), *([] if rate is None else [Dropout(rate)]), Linear(8))
    assert read_torch(program(forward=lines)) == Network(8, steps)


NOTES = {
    "line 10: nn.init.zeros_(self.a.weight) sets weights": program(init="nn.init.zeros_(self.a.weight)"),
    "line 10: self.a.weight.data = self.a.weight.data * 0.1 sets weights": program(
        init="self.a.weight.data *= 0.1"
    ),
    "line 10: self.a.requires_grad_(False) freezes parameters": program(init="self.a.requires_grad_(False)"),
    "line 10: self.apply(print) is not followed": program(init="self.apply(print)"),
    "line 10: self.a.register_forward_hook(print) adds a hook": program(
        init="self.a.register_forward_hook(print)"
    ),
    "line 10: self.half() sets a dtype": program(init="self.half()"),
    "line 10: read as if nothing failed": program(
        init="try:\n    self.c = 3\nexcept ValueError:\n    self.a = None"
    ),
    "line 16: net.load_state_dict({}) sets weights": program(after="net.load_state_dict({})"),
    "line 16: tune(net) is not known here": program(after="tune(net)"),
    "self.c, made in line 10, is not on the way": program(init="self.c = nn.Linear(3, 3)"),
    "self.w is not on the way": program(init="self.w = nn.Parameter(torch.ones(3))"),
    "line 13: x.detach() lets no gradient pass": program(forward="x = x.detach()"),
    "line 13: read as if x.dim() > 5 were true": program(forward="if x.dim() > 5:\n    x = torch.relu(x)"),
    "line 16: what exec(...) runs is not read": program(after="exec('3')"),
    "line 16: what net is from there on is not known": program(after="net = prepare(net)"),
    "line 16: the loop is read for its first": program(
        after="for i in range(99):\n    if i > 90: net.a = nn.Linear(8, 8)"
    ),
    "line 6: copies of a layer start": f"{HEAD}from torch import nn\nl = nn.Linear(3, 3)\nnet = nn.Sequential(l, copy.deepcopy(l))",
    "line 5: read as if deep were false": f"{HEAD}if deep:\n    pass\nelse:\n    w = 3\nnet = nn.Sequential(nn.Linear(w, 1))",
    "line 5: @fast is not read": f"{HEAD}@fast\ndef make():\n    return nn.Sequential(nn.Linear(3, 1))\nnet = make()",
    "line 6: F.relu of torch is changed": f"{HEAD}net = nn.Sequential(nn.Linear(3, 1))\nF.relu = print",
    "Net has a train of its own": program(after="").replace(
        "    def forward", "    def train(self, mode=True): pass\n    def forward"
    ),
    "line 14: self.b(x) calls layers without": program(forward="with torch.no_grad():\n    return self.b(x)"),
    "line 5: set_default_dtype changes every module": f"{HEAD}torch.set_default_dtype(torch.half)\nnet = nn.Sequential(nn.Linear(3, 1))",
}


@pytest.mark.parametrize("note", NOTES)
def test_a_note_says_what_is_not_read(note):
    assert any(one.startswith(note) for one in read_torch(NOTES[note]).notes), read_torch(NOTES[note]).notes


UNDERSTOOD = {
    "a class": CLEAN,
    "an add_module loop": f"{HEAD}class Net(nn.Module):\n    def __init__(self, sizes=(8, 4, 2)):\n        super().__init__()\n"
    "        for i, (a, b) in enumerate(zip(sizes, sizes[1:])):\n            self.add_module(f'l{i}', nn.Linear(a, b))\n"
    "            if i < len(sizes) - 2:\n                self.add_module('act%d' % i, nn.ReLU())\n"
    "    def forward(self, x):\n        for one in self.children():\n            x = one(x)\n        return x\nnet = Net()\n",
    "add_module on a Sequential": f"{HEAD}net = nn.Sequential()\nfor i, o in enumerate([8, 4]):\n"
    "    if i > 0:\n        net.add_module(f'act{i}', nn.ReLU())\n    net.add_module('l{}'.format(i), nn.Linear(8, o))\n",
    "setattr and getattr": f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        for i in range(3):\n            setattr(self, f'l{i}', nn.Linear(8, 8))\n"
    "    def forward(self, x):\n        for i in range(3):\n            x = getattr(self, f'l{i}')(x)\n        return x\n",
    "training": f"{HEAD}net = nn.Sequential(nn.Linear(8, 8), nn.ReLU())\nopt = torch.optim.SGD(net.parameters(), lr=0.0)\n"
    "losses = []\nx = torch.randn(4, 8)\nfor epoch in range(100):\n    net.train()\n    opt.zero_grad()\n"
    "    loss = net(x).square().mean()\n    loss.backward()\n    nn.utils.clip_grad_norm_(net.parameters(), 1.0)\n"
    "    opt.step()\n    losses.append(loss.item())\nwith torch.no_grad():\n    yhat = net(x)\nnet.eval()\n",
    "super().forward": f"{HEAD}class A(nn.Module):\n    def __init__(self, w):\n        super().__init__()\n"
    "        self.a = nn.Linear(8, w)\n    def forward(self, x):\n        return torch.relu(self.a(x))\n"
    "class Net(A):\n    def __init__(self):\n        super().__init__(4)\n        self.b = nn.Linear(4, 2)\n"
    "    def forward(self, x):\n        return self.b(super().forward(x))\nnet = Net()\n",
    "two bases": f"{HEAD}class R(nn.Module):\n    def act(self, x): return torch.relu(x)\nclass A(R): pass\n"
    "class B(R):\n    def act(self, x): return torch.tanh(x)\nclass Net(A, B):\n    def __init__(self):\n"
    "        super().__init__()\n        self.a = nn.Linear(8, 8)\n    def forward(self, x):\n        return self.act(self.a(x))\n",
    "names around": f"{HEAD}WIDTH = 4\ndef make():\n    h = 3\n    def block(i):\n        return nn.Linear(i, h)\n"
    "    return nn.Sequential(block(WIDTH), nn.ReLU())\nnet = make()\n",
    "static and class methods": f"{HEAD}class Net(nn.Module):\n    width = 8\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = self.make(self.width)\n    @staticmethod\n    def make(w): return nn.Linear(w, w)\n"
    "    @classmethod\n    def new(cls): return cls()\n    @property\n    def first(self): return self.a\n"
    "    def forward(self, x): return self.first(x)\nnet = Net.new()\n",
    "a Sequential of one's own": f"{HEAD}class Net(nn.Sequential):\n    def __init__(self):\n        super().__init__(nn.Linear(8, 8))\n"
    "        self.append(nn.ReLU())\n        self.last = nn.Linear(8, 2)\nnet = Net()\n",
}


@pytest.mark.parametrize("code", UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_code_that_is_understood_is_read_without_a_note(code):
    assert judge(code) == "equal"
    assert read_torch(code).notes == ()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("return x, self.b(x)", "returns 2 values in a tuple"),
        ("return {'y': self.b(x)}", "returns 1 value in a dict"),
        ("return torch.zeros(3)", "which is not what it is given"),
        ("x = x[:, :4]", "x[:, :4]"),
        ("x = x.squeeze()", "squeeze(...) of x"),
        ("x = x * 2", "x * 2"),
        ("if x.sum() > 0:\n    return self.b(x)", "a branch on the values of x, x.sum() > 0"),
        ("for _ in range(int(x.sum())):\n    x = torch.relu(x)", "a loop whose rounds"),
        ("while x.norm() > 9:\n    x = torch.relu(x)", "a loop whose rounds"),
        ("x.relu_()", "x, which line 13 changes in place"),
        ("self.b.eval()", "sets a layer's mode inside forward"),
        ("if not self.training:\n    x = torch.relu(x)", "takes another path in evaluation"),
        ("x = nn.Linear(8, 8)(x)", "new weights at every call"),
        ("match x.ndim:\n    case 2:\n        x = self.b(x)", "is not followed"),
        ("x = x.flatten()", "puts all samples into one row"),
    ],
)
def test_what_a_forward_does_besides_is_refused_with_a_caret(lines, words):
    with pytest.raises(CannotExpress) as problem:
        read_torch(program(forward=lines))
    assert words in problem.value.got
    assert problem.value.excerpt is not None and problem.value.remedy


def test_the_remedy_for_a_change_in_place_is_one_that_is_read():
    code = program(forward="x = torch.relu(x)")
    assert read_torch(code) == Network(8, (Linear(8), Activation("relu"), Linear(8)))


def test_a_view_that_mixes_samples_is_refused():
    code = f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(8, 8)\n"
    code += "    def forward(self, x):\n        return self.a(x).view(-1, 4)\n"
    with pytest.raises(cn.ChalknetError, match="a view of 4 features a sample, but 8 arrive"):
        read_torch(code)


def test_a_layer_that_nothing_in_the_chosen_network_holds_needs_no_note():
    other = "other = nn.Sequential(nn.Linear(3, 3))\nnn.init.zeros_(other[0].weight)\n"
    code = f"{HEAD}{other}net = nn.Sequential(nn.Linear(2, 1))\n"
    assert read_torch(code, "net").notes == ()
    assert "sets weights" in read_torch(code, "other").notes[0]

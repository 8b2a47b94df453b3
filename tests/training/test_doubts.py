"""What a plan doubts: the ending before a loss and its targets, the samples, dead steps; and `strict`."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import chalknet as cn
from chalknet.cli.main import main
from chalknet.errors import InvalidValue, Noted, Refused

GENERATOR = torch.Generator().manual_seed(3)
X = torch.randn(60, 3, generator=GENERATOR)
LABELS = (X[:, 0] > 0).long()
CLASSES = torch.arange(60) % 3
NUMBERS = torch.randn(60, generator=GENERATOR)
FIT = {"updates": 2, "engine": "eager", "threads": 1}


def plan(model, y, loss, x=X, **options):
    return cn.plan(model, (x[: len(y)], y), loss=loss, **{**FIT, **options})


def notes(model, y, loss, x=X, **options):
    return plan(model, y, loss, x, **options).notes


class Stranger(nn.Module):
    """A module that no Network describes, with a function behind a linear map."""

    def __init__(self, outputs, end):
        super().__init__()
        self.linear, self.end = nn.Linear(3, outputs), end

    def forward(self, x):
        return self.end(self.linear(x))


# (network, the same as a function, loss, targets) -> words of the note; None: fine; words of a refusal.
FINE = None
ENDINGS = [
    ("3 -> 3", None, "cross_entropy", CLASSES, FINE),
    ("3 -> 3 softmax", lambda u: u.softmax(1), "cross_entropy", CLASSES, r"ends with softmax.*0\.5761"),
    ("3 -> 3 log_softmax", lambda u: u.log_softmax(1), "cross_entropy", CLASSES, "calls nll"),
    ("3 -> 3 sigmoid", lambda u: u.sigmoid(), "cross_entropy", CLASSES, "already ends with sigmoid"),
    ("3 -> 3 relu", lambda u: u.relu(), "cross_entropy", CLASSES, "relu at the end keeps them at 0 or above"),
    ("3 -> 3 tanh", lambda u: u.tanh(), "cross_entropy", CLASSES, "between -1 and 1"),
    ("3 -> 1 sigmoid", lambda u: u.sigmoid(), "bce", LABELS, FINE),
    ("3 -> 1", None, "bce_logits", LABELS, FINE),
    ("3 -> 1 sigmoid", lambda u: u.sigmoid(), "bce_logits", LABELS, "ends with sigmoid.*taken for a 1"),
    ("3 -> 1 relu", lambda u: u.relu(), "bce_logits", LABELS, "relu at the end keeps them"),
    ("3 -> 3 softmax", lambda u: u.softmax(1), "bce", torch.eye(3)[CLASSES], "judges each output alone"),
    ("3 -> 1 relu sigmoid", lambda u: u.relu().sigmoid(), "bce", LABELS, r"targets .* below 0\.5"),
    ("3 -> 1", None, "mse", NUMBERS, FINE),
    ("3 -> 1 relu", lambda u: u.relu(), "mse", NUMBERS, r"of 60 targets .* below 0, where yhat, .* relu"),
    ("3 -> 1 softplus", nn.functional.softplus, "l1", NUMBERS, "below 0, where yhat"),
    ("3 -> 1 sigmoid", lambda u: u.sigmoid(), "huber", NUMBERS, "below 0 or above 1, where yhat"),
    ("3 -> 1 tanh", lambda u: u.tanh(), "mse", NUMBERS, "below -1 or above 1, where yhat"),
    ("3 -> 1 elu", None, "mse", NUMBERS, "below -1, where yhat"),
    ("3 -> 1 tanh", lambda u: u.tanh(), "mse", NUMBERS.tanh(), FINE),
    ("3 -> 1 leaky_relu", nn.functional.leaky_relu, "mse", NUMBERS, FINE),
    ("3 -> 1 log_softmax", lambda u: u.log_softmax(1), "mse", NUMBERS, "refused: always 0"),
    ("3 -> 1 softmax", lambda u: u.softmax(1), "mse", NUMBERS, "refused: always 1"),
    ("3 -> 1 softmax", lambda u: u.softmax(1), "bce", LABELS, "refused: always 1"),
    ("3 -> 1 softmax", lambda u: u.softmax(1), "bce_logits", LABELS, "refused: always 1"),
    ("3 -> 1", lambda u: u, "cross_entropy", LABELS, "refused: one output"),
    ("3 -> 2 log_softmax relu", lambda u: u.log_softmax(1).relu(), "mse", X[:, :2], "refused: always 0"),
    ("3 -> 1 sigmoid", lambda u: u.sigmoid(), "mse", NUMBERS.abs() + 2, "refused: all of them above 1"),
    ("3 -> 1 relu", lambda u: u.relu(), "mse", -NUMBERS.abs() - 1, "refused: all of them below 0"),
    ("3 -> 3 log_softmax", None, "mse", torch.rand(60, 3) + 1, "refused: all of them above 0"),
    ("3 -> 1 softmax -> 2", None, "mse", X[:, :2], "refused: always 1"),
    ("3 -> 1 log_softmax", lambda u: u.log_softmax(1), "bce", LABELS, "refused: always 0"),
    ("3 -> 1 tanh", lambda u: u.tanh(), "bce", LABELS, "refused: ends with tanh"),
]  # fmt: skip


def judged(model, y, loss):
    """Return the notes about a model, or those of a refusal."""
    try:
        return " | ".join(notes(model, y, loss))
    except cn.ChalknetError as problem:
        return f"refused: {problem}"


def check(found, wanted):
    if wanted is FINE:
        assert found == ""
    elif wanted.startswith("refused: "):
        assert re.search(f"^refused: .*{wanted.removeprefix('refused: ')}", found)
    else:
        assert re.search(wanted, found) and not found.startswith("refused")


@pytest.mark.parametrize(("network", "end", "loss", "y", "wanted"), ENDINGS)
def test_an_ending_is_held_against_the_loss_and_the_targets(network, end, loss, y, wanted):
    check(judged(network, y, loss), wanted)
    check(judged(cn.build(cn.read(network), seed=0), y, loss), wanted)


@pytest.mark.parametrize(("network", "end", "loss", "y", "wanted"), [row for row in ENDINGS if row[1]])
def test_the_ending_of_a_module_of_ones_own_is_seen_in_its_graph(network, end, loss, y, wanted):
    check(judged(Stranger(cn.read(network).output_shape[0], end), y, loss), wanted)


@pytest.mark.parametrize(
    ("refused", "mended"),
    [
        (("3 -> 1 softmax", LABELS, "bce"), ("3 -> 1 sigmoid", LABELS, "bce")),
        (("3 -> 1 softmax", NUMBERS, "mse"), ("3 -> 1", NUMBERS, "mse")),
        (("3 -> 1", LABELS, "cross_entropy"), ("3 -> 1", LABELS, "bce_logits")),
        (("3 -> 1", LABELS, "cross_entropy"), ("3 -> 2", LABELS, "cross_entropy")),
        (("3 -> 1", LABELS, "bce"), ("3 -> 1 sigmoid", LABELS, "bce")),
        (("3 -> 1 sigmoid", NUMBERS.abs() + 2, "mse"), ("3 -> 1", NUMBERS.abs() + 2, "mse")),
        (("3 relu", NUMBERS, "mse"), ("3 relu -> 1", NUMBERS, "mse")),
    ],
)
def test_what_a_refusal_says_to_do_leaves_nothing_to_say(refused, mended):
    assert judged(*refused).startswith("refused")
    assert judged(*mended) == ""


@pytest.mark.parametrize(("network", "end", "loss", "y", "wanted"), ENDINGS)
def test_a_note_that_says_leave_it_out_is_gone_without_the_activation(network, end, loss, y, wanted):
    found = judged(network, y, loss)
    said = re.findall(r"leave (\w+) out", found)
    if said and not found.startswith("refused"):
        assert judged(network.replace(f" {said[0]}", "", 1), y, loss) == ""


DOUBTS = {
    "dropout last": (("3 -> 1 dropout(0.5)", NUMBERS, "mse"), "Dropout is the last step"),
    "dropout of all": (("3 -> 4 relu dropout(1) -> 1", NUMBERS, "mse"), "sets every value to 0"),
    "two linear maps": (("3 -> 4 -> 1", NUMBERS, "mse"), "together they are one linear map, 3 -> 1"),
    "one target": (("3 -> 1", torch.ones(60), "mse"), "every y of data is 1:"),
    "one label": (("3 -> 1 sigmoid", torch.zeros(60), "bce"), "every y of data is 0:"),
    "one class": (("3 -> 3", torch.full((60,), 2), "cross_entropy"), "every y of data is class 2"),
    "holes": (("3 -> 6", CLASSES**2 + (CLASSES > 1), "cross_entropy"), "no sample has class 2, 3, 4: 3 of"),
    "classes as numbers": (("3 -> 1", CLASSES, "mse"), "use cross_entropy with 3 outputs"),
    "a constant feature": (("3 -> 1", NUMBERS, "mse", X * torch.tensor([1, 0, 1])), "1 of the 3 .*column 1 "),
    "unlike scales": (("3 -> 1", NUMBERS, "mse", X * torch.tensor([1, 1e5, 1])), "standardise=True"),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTS)
def test_what_the_data_and_the_steps_make_doubtful_is_told(name):
    asked, words = DOUBTS[name]
    found = notes(*asked)
    assert len(found) == 1 and re.search(words, found[0])


def test_a_bottleneck_of_linear_maps_is_no_doubt():
    assert notes("3 -> 1 -> 3", X, "mse") == ()  # of rank 1, which no linear map 3 -> 3 has to be


def test_unlike_scales_are_no_doubt_once_standardised_or_for_adam():
    data = (X * torch.tensor([1, 1e5, 1]), NUMBERS)
    options = {"loss": "mse", **FIT}
    assert cn.plan("3 -> 1", cn.load(data, standardise=True), **options).notes == ()
    assert cn.plan("3 -> 1", data, optimizer="adam", **options).notes == ()


@st.composite
def well_posed(draw):
    """Draw a network, its loss and data as they belong together."""
    seed, n = draw(st.integers(0, 2**30)), draw(st.integers(30, 80))
    generator = torch.Generator().manual_seed(seed)
    width, outputs = draw(st.integers(1, 5)), draw(st.integers(2, 4))
    x = torch.randn(n, width, generator=generator) * draw(st.sampled_from([0.1, 1, 30]))
    hidden = "".join(
        f" -> {draw(st.integers(2, 8))} {draw(st.sampled_from(['relu', 'tanh', 'sigmoid', 'gelu']))}"
        for _ in range(draw(st.integers(0, 2)))
    )
    labels = torch.arange(n) % 2
    ends = {
        "mse": ("1", torch.randn(n, generator=generator)),
        "l1": (f"{outputs}", torch.randn(n, outputs, generator=generator)),
        "huber": ("1 sigmoid", torch.rand(n, generator=generator)),
        "bce": ("1 sigmoid", labels),
        "bce_logits": ("1", labels.double()),
        "cross_entropy": (f"{outputs}", torch.arange(n) % outputs),
    }
    loss = draw(st.sampled_from(sorted(ends)))
    return f"{width}{hidden} -> {ends[loss][0]}", ends[loss][1], loss, x


@given(well_posed(), st.booleans())
@settings(max_examples=100)
def test_a_fit_that_is_well_posed_has_no_notes(posed, as_module):
    network, y, loss, x = posed
    model = cn.build(cn.read(network), seed=0) if as_module else network
    assert notes(model, y, loss, x) == ()


@given(st.sampled_from(["relu", "sigmoid", "tanh", "softplus", "elu", "gelu", "silu"]), st.integers(0, 2**30))
def test_the_share_of_targets_out_of_reach_is_a_count_of_them(kind, seed):
    y = 2 * torch.randn(40, generator=torch.Generator().manual_seed(seed))
    reached = {"relu": (0, 9e9), "sigmoid": (0, 1), "tanh": (-1, 1), "softplus": (0, 9e9), "elu": (-1, 9e9),
               "gelu": (-0.17, 9e9), "silu": (-0.2785, 9e9)}[kind]  # fmt: skip
    beyond = int(((y < reached[0]) | (y > reached[1])).sum())
    found = judged(f"3 -> 1 {kind}", y, "mse") if beyond else "0 of 40"
    near = ((y - reached[0]).abs() < 1e-3).any()  # where the lowest value is rounded
    assert near or f"{beyond} of 40" in found or "all of them" in found


def test_a_module_whose_ending_is_not_seen_is_left_in_peace():
    scaled = Stranger(1, lambda u: 5 * u.sigmoid())
    assert notes(scaled, 3 + NUMBERS.tanh(), "mse") == ()
    assert notes(Stranger(1, lambda u: u.sigmoid().squeeze(1)), LABELS, "bce") == ()


def test_an_ending_that_its_graph_does_not_show_is_judged_by_its_numbers():
    def softmax(u):
        return u.exp() / u.exp().sum(dim=1, keepdim=True)

    assert "already ends with softmax" in judged(Stranger(3, softmax), CLASSES, "cross_entropy")
    assert "calls nll" in judged(Stranger(3, lambda u: softmax(u).log()), CLASSES, "cross_entropy")
    assert judged(Stranger(1, lambda u: 1 / (1 + (-u).exp())), LABELS, "bce") == ""
    refused = judged(Stranger(1, lambda u: 3 * u + 7), LABELS, "bce")
    assert re.search(r"refused: loss bce: got yhat from .* use the loss bce_logits", refused)
    assert judged(Stranger(1, lambda u: 3 * u + 7), LABELS, "bce_logits") == ""


def test_yhat_that_leaves_0_to_1_only_later_ends_the_fit_with_an_error_of_ours():
    module = Stranger(1, lambda u: 0.5 + u)
    with torch.no_grad():
        module.linear.weight.zero_()
        module.linear.bias.zero_()
    with pytest.raises(InvalidValue, match=r"loss bce: got .*between 0 and 1.*use the loss bce_logits"):
        cn.fit(module, (X, LABELS), loss="bce", lr=50, **FIT)


def test_yhat_without_a_gradient_is_answered_by_an_error_of_ours():
    with pytest.raises(InvalidValue, match=r"depends on none of the parameters.*\.detach\(\)"):
        cn.fit(Stranger(1, torch.Tensor.detach), (X, NUMBERS), loss="mse", **FIT)


def test_frozen_and_unused_parameters_are_told():
    class Spare(Stranger):
        def __init__(self):
            super().__init__(1, lambda u: u)
            self.spare = nn.Linear(2, 2)

    module = Spare()
    assert [note for note in notes(module, NUMBERS, "mse") if "no effect on yhat" in note] == [
        f"parameter spare.{name} has no effect on yhat: it stays as it is; use it in forward, or remove it"
        for name in ("weight", "bias")
    ]
    module.spare.requires_grad_(False)
    found = plan(module, NUMBERS, "mse")
    assert found.notes == () and "2 of 4 parameters are frozen and stay as they are" in found.reasons


def test_frozen_modules_are_refused_and_the_remedy_mends_it():
    module = nn.Linear(3, 1).requires_grad_(False)
    with pytest.raises(InvalidValue, match=r"all frozen.*Say module\.requires_grad_\(True\)"):
        plan(module, NUMBERS, "mse")
    plan(module.requires_grad_(True), NUMBERS, "mse")


class Returns(Stranger):
    """A module that returns something with yhat in it."""

    def forward(self, x):
        return self.end(self.linear(x))


@pytest.mark.parametrize(
    "end",
    [
        lambda u: (u, u * 2),
        lambda u: [u],
        lambda u: {"out": u, "aux": u},
        lambda u: {"loss": None, "all": (3, u)},
    ],
)
def test_what_is_returned_around_yhat_is_chosen_by_the_line_in_the_remedy(end):
    module = Returns(1, end)
    with pytest.raises(InvalidValue, match="wanted one tensor") as refused:
        plan(module, NUMBERS, "mse")
    line = re.search(r"Say (module\.register_forward_hook\(.*\)) once", refused.value.remedy)[1]
    eval(line, {"module": module})
    result = cn.fit(module, (X, NUMBERS), loss="mse", **FIT)
    assert np.asarray(cn.predict(result, X)).shape == (60, 1)


def test_two_inputs_are_given_side_by_side_by_the_line_in_the_remedy():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(1, 1)

        def forward(self, a, b):
            return self.linear(a) + b[:, :1]

    module = Two()
    with pytest.raises(InvalidValue, match="missing 1 required positional argument: 'b'") as refused:
        plan(module, NUMBERS, "mse")
    eval(re.search(r"module\.register_forward_pre_hook\(.*\)", refused.value.remedy)[0], {"module": module})
    assert cn.fit(module, (X, NUMBERS), loss="mse", **FIT).outcome is cn.Outcome.FINISHED


def test_a_fit_that_diverges_says_what_to_do_and_that_mends_it():
    data = (X * 300, X.sum(dim=1))
    result = cn.fit("3 -> 1", data, loss="mse", lr=0.1, updates=500, engine="eager", threads=1)
    assert result.outcome is cn.Outcome.DIVERGED
    (note,) = result.notes
    lr = float(re.search(r"such as lr=([\d.e-]+);", note)[1])
    again = cn.fit("3 -> 1", data, loss="mse", lr=lr, updates=500, engine="eager", threads=1)
    assert again.outcome is cn.Outcome.FINISHED and again.history.loss[-1] < again.history.loss[0]
    standardised = cn.load(data, standardise=True)
    there = cn.fit("3 -> 1", standardised, loss="mse", lr=0.1, updates=500, engine="eager", threads=1)
    assert there.outcome is cn.Outcome.FINISHED and there.notes == ()


def test_notes_stand_wherever_a_fit_is_shown(tmp_path):
    options = {"loss": "cross_entropy", "threads": 1, "updates": 2}
    result = cn.fit("3 -> 3 softmax", (X, CLASSES), out=tmp_path / "run", **options)
    (note,) = result.notes
    assert note in result.plan.notes
    assert f"note: {note}" in str(result) and note in result._repr_html_()
    assert cn.load_run(tmp_path / "run").notes == result.notes
    methods = {"all": {}, "few": {"batch_size": 10}}
    comparison = cn.compare("3 -> 3 softmax", (X, CLASSES), methods, **options)
    assert str(comparison).replace("\n", " ").count("already ends with softmax") == 1
    assert "already ends with softmax" in comparison.table.html()


def test_strict_makes_notes_an_error_before_the_first_update():
    module = Stranger(3, lambda u: u.softmax(1))
    weight = module.linear.weight.clone()
    options = {"loss": "cross_entropy", **FIT}
    for verb in (cn.fit, cn.plan):
        with pytest.raises(Noted, match=r"strict: got 1 note: .*leave softmax out; wanted a fit") as refused:
            verb(module, (X, CLASSES), strict=True, **options)
        assert refused.value.result is None
    assert torch.equal(weight, module.linear.weight)
    with pytest.raises(Noted, match="2 notes"):
        cn.plan("3 -> 3 softmax", (X * torch.tensor([0, 1, 1]), CLASSES), strict=True, **options)
    assert cn.fit("3 -> 3", (X, CLASSES), strict=True, **options).notes == ()


def test_strict_raises_at_the_end_what_is_known_only_then_with_the_fit(tmp_path):
    with pytest.raises(Noted, match="became infinite or no number") as refused:
        cn.fit(
            "3 -> 1", (X, NUMBERS), loss="mse", lr=1e9, updates=90, threads=1, strict=True, out=tmp_path / "r"
        )
    assert refused.value.result.outcome is cn.Outcome.DIVERGED
    assert cn.load_run(tmp_path / "r").outcome is cn.Outcome.DIVERGED


def test_strict_holds_for_compare_and_for_a_run_that_goes_on(tmp_path):
    options = {"loss": "cross_entropy", "updates": 2, "threads": 1}
    with pytest.raises(Noted):
        cn.compare("3 -> 3 softmax", (X, CLASSES), strict=True, **options)
    cn.fit("3 -> 3 softmax", (X, CLASSES), out=tmp_path / "run", **options)
    with pytest.raises(Noted):
        cn.resume(tmp_path / "run", updates=4, data=(X, CLASSES), strict=True)
    assert cn.resume(tmp_path / "run", updates=4, data=(X, CLASSES)).history.updates[-1] == 4


def command(words, monkeypatch, capfd):
    monkeypatch.setattr("sys.argv", ["chalknet", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capfd.readouterr()
    return ended.value.code, said.out, said.err


def test_the_command_prints_notes_and_fails_with_strict(tmp_path, monkeypatch, capfd):
    np.savez(tmp_path / "d.npz", x=X, y=CLASSES)
    words = ["fit", "3 -> 3 softmax", "--loss", "cross_entropy", "--data", str(tmp_path / "d.npz"),
             "--updates", "3", "--engine", "eager"]  # fmt: skip
    code, out, _ = command(words, monkeypatch, capfd)
    assert not code and "note: cross_entropy takes plain numbers" in out
    code, out, error = command([*words, "--strict"], monkeypatch, capfd)
    assert code == 1 and not out and "error: strict: got 1 note" in error
    words[1] = "3 -> 3"
    code, out, error = command([*words, "--lr", "1e38", "--strict"], monkeypatch, capfd)
    assert code == 1 and "diverged" in out and "smaller lr" in error


def test_a_loss_that_is_added_from_outside_is_held_against_the_ending_too(monkeypatch):
    from dataclasses import replace

    from chalknet.planning import LOSSES

    monkeypatch.setitem(LOSSES, "own", replace(LOSSES["mse"], name="own", aliases=()))
    assert "below 0, where yhat" in judged("3 -> 1 relu", NUMBERS, "own")


def test_notes_do_not_change_a_bit_of_a_fit():
    y, options = CLASSES, {"loss": "cross_entropy", "updates": 5, "lr": 0.1, "engine": "eager", "threads": 1}
    torch.manual_seed(4)
    net = nn.Sequential(nn.Linear(3, 3), nn.Softmax(dim=-1))
    optimizer, losses = torch.optim.SGD(net.parameters(), lr=0.1), []
    for _ in range(5):
        loss = nn.functional.cross_entropy(net(X), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert list(cn.fit("3 -> 3 softmax", (X, y), seed=4, **options).history.loss) == losses
    assert isinstance(np.asarray(losses), np.ndarray) and issubclass(Noted, Refused)

"""Rust code for candle, tch and burn is read, or refused with the place."""

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

CANDLE = """use candle_core::{Result, Tensor, D};
use candle_nn::{linear, linear_no_bias, Activation, Dropout, Linear, Module, VarBuilder};
const IN: usize = 4;
const H: usize = 2 * 8; // hidden
struct Net { l1: Linear, l2: Linear, act: Activation, drop: Dropout }
impl Net {
    fn new(vb: VarBuilder, out: usize) -> Result<Self> {
        let l1 = linear(IN, H, vb.pp("l1"))?;
        let l2 = MAKES(H, out, vb.pp("l2"))?;
        Ok(Self { l1, l2, act: Activation::LeakyRelu(0.1), drop: Dropout::new(0.5) })
    }
    fn forward(&self, xs: &Tensor, train: bool) -> Result<Tensor> {
        BODY
    }
}
fn main() -> Result<()> { let net = Net::new(vb, 3)?; Ok(()) }
"""
BODIES = [
    ("let mut h = self.l1.forward(xs)?; h = h.relu()?; self.l2.forward(&h)", "4 -> 16 relu -> 3"),
    ("let x: Tensor = xs.apply(&self.l1)?.gelu()?; // tanh\nlet x = self.l2.forward(&x)?;\nsoftmax(&x, D::Minus1)",
     "4 -> 16 gelu(tanh) -> 3 softmax"),
    ("return xs.flatten_from(1)?.apply(&self.l1)?.gelu_erf()?.apply(&self.l2);", "4 flatten -> 16 gelu -> 3"),
    ("let xs = self.l1.forward(xs)?;\nlet xs = self.act.forward(&xs)?;\nOk(candle_nn::ops::sigmoid(&self.l2.forward(&xs)?)?)",
     "4 -> 16 leaky_relu(0.1) -> 3 sigmoid"),
    ("xs.apply(&self.l1)?\n .elu(0.5)?\n .apply(&self.l2)?\n .apply(&Activation::Silu)", "4 -> 16 elu(0.5) -> 3 silu"),
]  # fmt: skip
TCH = "use tch::{nn, nn::Module, Device, Kind, Tensor};\n"
READ = [
    (TCH + 'const HIDDEN: i64 = 128;\nfn net(vs: &nn::Path) -> impl Module {\n  nn::seq()\n'
     '    .add(nn::linear(vs / "l1", 784, HIDDEN, Default::default()))\n    .add_fn(|xs| xs.relu())\n'
     '    .add(nn::linear(vs, HIDDEN, 10, Default::default()))\n}', "784 -> 128 relu -> 10"),
    (TCH + 'let no = nn::LinearConfig { bias: false, ..Default::default() };\nlet net = nn::seq_t().add(nn::linear(&vs.root(), 4, 8, no))'
     '.add_fn_t(|xs, train| xs.dropout(0.2, train)).add_fn(|x| x.leaky_relu()).add(nn::linear(vs, 8, 2, Default::default()))'
     '.add_fn(|xs| xs.log_softmax(-1, Kind::Float));', "4 -> 8 nobias dropout(0.2) leaky_relu -> 2 log_softmax"),
    (TCH + 'struct Net { fc1: nn::Linear, fc2: nn::Linear }\nimpl Net {\n fn new(vs: &nn::Path) -> Net {\n'
     '  let fc1 = nn::linear(vs, 784, 100, Default::default());\n  let fc2 = nn::linear(vs, 100, 10, Default::default());\n'
     '  Net { fc1, fc2 }\n }\n}\nimpl nn::ModuleT for Net {\n fn forward_t(&self, xs: &Tensor, train: bool) -> Tensor {\n'
     '  xs.view([-1, 784]).apply(&self.fc1).relu().dropout(0.5, train).apply(&self.fc2)\n }\n}',
     "784 flatten -> 100 relu dropout(0.5) -> 10"),
    (TCH + "let mut net = nn::seq().add(nn::linear(vs, 4, 8, Default::default()));\nnet = net.add_fn(|x| x.tanh()).add(nn::linear(vs, 8, 1, Default::default()));",
     "4 -> 8 tanh -> 1"),
    ('use candle_nn as nn;\nlet m = nn::seq().add(nn::linear(2, 3, vb.pp("a"))?).add(nn::Activation::Elu(1.0)).add(nn::linear_no_bias(3, 1, vb)?);',
     "2 -> 3 elu -> 1 nobias"),
    ('use burn::nn::{Linear, LinearConfig, Relu};\n#[derive(Module, Debug)]\npub struct Model<B: Backend> { linear1: Linear<B>, linear2: Linear<B>, activation: Relu }\n'
     'impl<B: Backend> Model<B> {\n  pub fn new(device: &B::Device) -> Self {\n    Self { linear1: LinearConfig::new(10, 5).with_bias(false).init(device),\n'
     '      linear2: LinearConfig::new(5, 2).init(device), activation: Relu::new() }\n  }\n  pub fn forward(&self, input: Tensor<B, 2>) -> Tensor<B, 2> {\n'
     '    let x = self.linear1.forward(input);\n    let x = self.activation.forward(x);\n    softmax(self.linear2.forward(x), 1)\n  }\n}',
     "10 -> 5 nobias relu -> 2 softmax"),
    ('use candle_nn::{linear, Linear};\nstruct Block { a: Linear }\nimpl Block {\n fn new(i: usize, o: usize, vb: VarBuilder) -> Result<Self> { Ok(Self { a: linear(i, o, vb)? }) }\n'
     ' fn forward(&self, x: &Tensor) -> Result<Tensor> { self.a.forward(x)?.tanh() }\n}\nstruct Net { one: Block, two: Block }\nimpl Net {\n'
     ' fn new(vb: VarBuilder) -> Result<Self> { Ok(Self { one: Block::new(4, 6, vb.pp(0))?, two: Block::new(6, 1, vb.pp(1))? }) }\n'
     ' fn forward(&self, x: &Tensor) -> Result<Tensor> { let x = self.one.forward(x)?; self.two.forward(&x) }\n}', "4 -> 6 tanh -> 1 tanh"),
]  # fmt: skip
SEQ = TCH + "let net = nn::seq().add(nn::linear(vs, 4, 8, Default::default()))"
REFUSED = [
    (CANDLE.replace("BODY", "if train { self.l1.forward(xs) } else { self.l2.forward(xs) }"), "if train"),
    (CANDLE.replace("BODY", "let mut x = xs.clone();\nfor _ in 0..3 { x = self.l1.forward(&x)?; }\nOk(x)"), "for _ in"),
    (CANDLE.replace("BODY", "let x = self.l1.forward(xs)?; let y = self.l2.forward(xs)?; x * y"), "x \\* y"),
    (CANDLE.replace("BODY", "let x = self.l1.forward(xs)?; let x = self.l1.forward(&x)?; self.l2.forward(&x)"), ""),
    (CANDLE.replace("BODY", "self.l2.forward(&self.l1.forward(xs)?.sqr()?)"), "sqr"),
    (CANDLE.replace("BODY", "candle_nn::ops::softmax(&xs.apply(&self.l1)?.apply(&self.l2)?, 0)"), "another axis"),
    (CANDLE.replace("MAKES", "embedding").replace("BODY", "xs.apply(&self.l1)?.apply(&self.l2)"), "embedding"),
    ("fn relu(x: &Tensor) -> Tensor { x * x }\n" + CANDLE.replace("BODY", "Ok(relu(&xs.apply(&self.l1)?))"), "relu"),
    (SEQ + ".add(nn::conv2d(vs, 1, 2, 3, Default::default()));", "conv2d"),
    (SEQ + ".add(nn::linear(vs, 9, 1, Default::default()));", "takes 9 features, but 8 arrive"),
    (SEQ + ";\nlet other = nn::seq().add(nn::linear(vs, 8, 1, Default::default()));", "net.*other"),
    (TCH + "let mut net = nn::seq();\nfor i in 0..3 { net = net.add(nn::linear(vs, 8, 8, Default::default())); }", "'for'"),
    ("use candle_core::Tensor;\nfn main() {}", "without a chain"),
    ("use burn::nn;\nlet l = nn::LinearConfig::new(10, 5).init(&device);", "burn.*without a chain"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "read"), BODIES)
def test_a_forward_is_followed(body, read):
    text = CANDLE.replace("BODY", body).replace("MAKES", "linear")
    assert cn.write(cn.read(text), "shorthand") == read
    assert cn.write(cn.read(text.replace("MAKES", "linear_no_bias")), "shorthand") == read


@pytest.mark.parametrize(("text", "read"), READ)
def test_a_chain_or_a_struct_is_read(text, read):
    assert cn.write(cn.read(text), "shorthand") == read


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_no_plain_chain_is_refused_with_the_reason(text, words):
    with pytest.raises(ChalknetError, match=f"(?s){words}") as problem:
        cn.read(text.replace("MAKES", "linear"))
    assert "Rust code" in str(problem.value)
    assert problem.value.remedy


def test_a_sum_around_a_layer_is_a_residual_block_and_a_layer_that_is_left_out_is_noted():
    text = CANDLE.replace("MAKES", "linear").replace("2 * 8", "4")
    block = cn.read(text.replace("BODY", "let y = self.l1.forward(xs)?.relu()?; (xs + y)?.apply(&self.l2)"))
    assert cn.write(block, "shorthand") == "4 [4 relu] + skip -> 3"
    alone = cn.read(text.replace("BODY", "self.l1.forward(xs)?.relu()"))
    assert any("l2" in note for note in alone.notes)


@pytest.mark.parametrize(
    "text",
    ["// use candle_nn::seq;\n3 -> 4 relu -> 1", "3 -> 4 relu -> 1  # as nn::seq() of tch"],
)
def test_a_text_that_only_mentions_rust_is_read_as_what_it_is(text):
    assert cn.write(cn.read(text), "shorthand") == "3 -> 4 relu -> 1"

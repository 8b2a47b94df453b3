//! Сеть политики для задачи CartPole.
use candle_core::{Result, Tensor};
use candle_nn::{linear, Linear, Module, VarBuilder};

const STATE_DIM: usize = 4;
const HIDDEN_1: usize = 128;
const HIDDEN_2: usize = 64;
const N_ACTIONS: usize = 2;

pub struct Policy {
    l1: Linear,
    l2: Linear,
    head: Linear,
}

impl Policy {
    pub fn new(vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            l1: linear(STATE_DIM, HIDDEN_1, vb.pp("l1"))?,
            l2: linear(HIDDEN_1, HIDDEN_2, vb.pp("l2"))?,
            head: linear(HIDDEN_2, N_ACTIONS, vb.pp("head"))?,
        })
    }
}

impl Module for Policy {
    // возвращает вероятности действий
    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let xs = self.l1.forward(xs)?.relu()?;
        let xs = self.l2.forward(&xs)?.relu()?;
        let logits = self.head.forward(&xs)?;
        candle_nn::ops::softmax(&logits, 1)
    }
}

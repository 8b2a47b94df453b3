// The stages of a network: a Linear or a softmax, and the activations and Dropouts behind it.
//
// Stage<s> is written by source.py from the network. The memory of a stage holds, for each row of a batch:
// H what it hands on, D the derivative of what lies behind its Linear, G the gradient of the Linear's values;
// of a softmax, S its values.

struct Memory {
  REAL *weights, *first, *second, *third, *work, *room;
};

// A batch in work: where it lies in the order, and which of its rows.
struct Batch {
  const Call& call;
  Rows rows;
  Memory memory;
  MEMBER uint32 key(int row) const { return DROPS ? key_of_row(rows.key, row) : 0; }
};

// The values that go into a stage, as the operand A(row, k); behind the last one, 1, by which the bias is multiplied.
template <int s, bool ALONG_K> struct Into {
  using S = Stage<s>;
  static constexpr bool along_k = ALONG_K;
  const Batch& batch;
  int lines;
  MEMBER void copy_value(REAL* to, int line, int k) const {
    if (line >= lines || k > S::IN || (k == S::IN && !S::BIAS)) { *to = 0; return; }
    if (k == S::IN) { *to = 1; return; }
    if constexpr (s == 0) {
      int row = line / S::POSITIONS, position = line % S::POSITIONS;
      copy_later(to, batch.call.x + sample_at(batch.call, batch.rows.start + row) * FEATURES + position * S::IN + k);
    } else if constexpr (WORK_SHARED) {
      *to = batch.memory.work[Stage<s - 1>::H + line * S::IN + k];
    } else {
      copy_later(to, batch.memory.work + Stage<s - 1>::H + line * S::IN + k);
    }
  }
  MEMBER void copy(REAL* to, int a, int b) const { ALONG_K ? copy_value(to, a, b) : copy_value(to, b, a); }
};

// The gradients of a stage's values, G(row, output), as A(row, k) or, along the outputs, as B(k = row, n).
template <int s, bool ALONG_K> struct Gradients {
  static constexpr bool along_k = ALONG_K;
  const Batch& batch;
  int lines;
  MEMBER void copy(REAL* to, int a, int b) const {
    int line = ALONG_K ? a : b, output = ALONG_K ? b : a;
    if (line >= lines || output >= Stage<s>::OUT) { *to = 0; return; }
    const REAL* from = batch.memory.work + Stage<s>::G + line * Stage<s>::OUT + output;
    if (WORK_SHARED) *to = *from; else copy_later(to, from);
  }
};

// The weights of a stage, as B(k = input, n = output) forward and as B(k = output, n = input) backward.
template <int s, bool FORWARD> struct Weights {
  static constexpr bool along_k = !FORWARD;
  const Batch& batch;
  MEMBER void copy(REAL* to, int n, int k) const {
    int input = FORWARD ? k : n, output = FORWARD ? n : k;
    if (output >= Stage<s>::OUT || input >= Stage<s>::IN + (FORWARD ? Stage<s>::BIAS : 0)) { *to = 0; return; }
    const REAL* from = batch.memory.weights + Stage<s>::WEIGHT + input * Stage<s>::OUT + output;
    if (WEIGHTS_SHARED) *to = *from; else copy_later(to, from);
  }
};

// Takes a value through what lies behind a stage's Linear or softmax, and keeps what the way back needs.
template <int s> DEVICE void hand_on(const Batch& batch, int line, int output, REAL value) {
  using S = Stage<s>;
  REAL* work = batch.memory.work;
  int at = line * S::OUT + output;
  if (S::KIND == SOFTMAX || S::KIND == LOG_SOFTMAX) work[S::S + at] = value;
  REAL h = value, d = 1;
  if (S::BEHIND) {
    int row = line / S::POSITIONS, position = line % S::POSITIONS;
    S::behind(h, d, S::DROPS_HERE ? batch.key(row) : 0, position * S::OUT + output);
    work[S::D + at] = d;
  }
  work[S::H + at] = h;
}

// Takes the gradient of what a stage handed on, at a place of the batch, back to its values.
template <int s> DEVICE void hand_back(const Batch& batch, int at, REAL gradient) {
  using S = Stage<s>;
  batch.memory.work[S::G + at] = S::BEHIND ? gradient * batch.memory.work[S::D + at] : gradient;
}

// Softmax and its logarithm: a warp for each line.
template <int s> DEVICE void forward_softmax(const Batch& batch, int low, int high) {
  using S = Stage<s>;
  for (int line = low + WARP; line < high; line += WARPS) {
    const REAL* z = batch.memory.work + Stage<(s > 0 ? s - 1 : 0)>::H + line * S::OUT;
    REAL highest = z[0], total = 0;
    for (int i = LANE; i < S::OUT; i += 32) highest = z[i] > highest ? z[i] : highest;
    highest = largest_of_warp(highest);
    for (int i = LANE; i < S::OUT; i += 32) total += exp(z[i] - highest);
    total = sum_of_warp(total);
    for (int i = LANE; i < S::OUT; i += 32)
      hand_on<s>(batch, line, i, S::KIND == SOFTMAX ? exp(z[i] - highest) / total : z[i] - highest - log(total));
  }
}

// The forward pass of a stage for lines [low, high) and outputs [from, to).
template <int s> DEVICE void forward(const Batch& batch, int low, int high, int from, int to) {
  using S = Stage<s>;
  if constexpr (S::KIND == LINEAR) {
    using T = typename S::Forward;
    Into<s, true> a{batch, high};
    Weights<s, true> b{batch};
    for (int m = low; m < high; m += T::M)
      for (int n = from; n < to; n += T::N)
        product<T>(m, n, 0, S::IN + S::BIAS, a, b, [&](int line, int output, REAL sum) {
          if (line < high && output < to) hand_on<s>(batch, line, output, sum);
        }, batch.memory.room);
  } else if constexpr (S::KIND == POINT) {
    for (int at = low * S::OUT + THREAD; at < high * S::OUT; at += THREADS) {
      REAL value;
      if constexpr (s == 0) {
        int line = at / S::OUT, row = line / S::POSITIONS;
        int64 sample = sample_at(batch.call, batch.rows.start + row);
        value = batch.call.x[sample * FEATURES + line % S::POSITIONS * S::OUT + at % S::OUT];
      } else {
        value = batch.memory.work[Stage<s - 1>::H + at];
      }
      hand_on<s>(batch, at / S::OUT, at % S::OUT, value);
    }
  } else {
    forward_softmax<s>(batch, low, high);
  }
  meet_block();
}

// The way back through a stage for lines [low, high) and inputs [from, to): its gradients become those of the one before.
template <int s> DEVICE void backward(const Batch& batch, int low, int high, int from, int to) {
  using S = Stage<s>;
  constexpr int before = s > 0 ? s - 1 : 0;
  if constexpr (S::KIND == LINEAR) {
    using T = typename S::Backward;
    Gradients<s, true> a{batch, high};
    Weights<s, false> b{batch};
    for (int m = low; m < high; m += T::M)
      for (int n = from; n < to; n += T::N)
        product<T>(m, n, 0, S::OUT, a, b, [&](int line, int input, REAL sum) {
          if (line < high && input < to) hand_back<before>(batch, line * S::IN + input, sum);
        }, batch.memory.room);
  } else {
    for (int line = low + WARP; line < high; line += WARPS) {
      const REAL *g = batch.memory.work + S::G + line * S::OUT, *h = batch.memory.work + S::S + line * S::OUT;
      REAL total = 0;
      for (int i = LANE; i < S::OUT; i += 32) total += S::KIND == SOFTMAX ? g[i] * h[i] : g[i];
      total = sum_of_warp(total);
      for (int i = LANE; i < S::OUT; i += 32)
        hand_back<before>(batch, line * S::OUT + i, S::KIND == SOFTMAX ? h[i] * (g[i] - total) : g[i] - exp(h[i]) * total);
    }
  }
  meet_block();
}

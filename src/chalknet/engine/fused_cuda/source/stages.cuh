// The stages of a network: a Linear or a softmax, and the activations and Dropouts behind it.
//
// Stage<s> is written by source.py from the network. The memory of a stage holds, for each row of a batch:
// H what it hands on, D the derivative of what lies behind its Linear, G the gradient of the Linear's values;
// of a softmax, S its values. Where few rows are a block's tile (THIN), those of the stages from FIRST_ROWS on lie in
// shared memory, and what other blocks read of them in global memory too.
struct Memory {
  REAL *weights, *first, *second, *third, *work, *room;
  REAL* gradients;                          // SPREAD: of this block's weights, from each block
  REAL *near_weights, *near_rows, *near_x;  // THIN: lines of weights, of values, and of what goes into FIRST_ROWS
  TARGET* near_y;
};

struct Held;

// A batch in work: where it lies in the order, and the first row of the tile.
struct Batch {
  const Call& call;
  Rows rows;
  Memory memory;
  int first;
  Held* held;  // FIRST_HELD: the weights of the first Linear
  MEMBER uint32 key(int row) const { return DROPS ? key_of_row(rows.key, row) : 0; }
  MEMBER REAL weight(int row) const { return weight_of(call, rows.start + row); }
  MEMBER const REAL* x(int row) const { return call.x + sample_at(call, rows.start + row) * FEATURES; }
};

template <int s> struct Near {
  static constexpr bool is = THIN && s >= FIRST_ROWS;  // whether the stage's rows lie in shared memory
};

// The line of a stage's array, and what goes into a stage for a line.
template <int s> DEVICE REAL* line_of(const Batch& batch, int near_at, int at, int line) {
  using S = Stage<s>;
  return Near<s>::is ? batch.memory.near_rows + near_at + (line - batch.first) * S::STRIDE : batch.memory.work + at + line * S::OUT;
}
template <int s> DEVICE REAL* into(const Batch& batch, int line) {
  if constexpr (Near<s>::is && s == FIRST_ROWS) return batch.memory.near_x + (line - batch.first) * IN_STRIDE;
  else if constexpr (Near<s>::is) return line_of<s - 1>(batch, Stage<s - 1>::NEAR_H, Stage<s - 1>::H, line);
  else return batch.memory.work + Stage<(s > 0 ? s - 1 : 0)>::H + line * Stage<s>::IN;
}

// The values that go into a stage, as the operand A(row, k); behind the last one, 1, by which the bias is multiplied.
template <int s, bool ALONG_K> struct Into {
  using S = Stage<s>;
  static constexpr bool wide = S::IN % WIDE == 0;  // whether its numbers can be copied by wide copies
  static constexpr bool along_k = ALONG_K;
  const Batch& batch;
  int lines;
  MEMBER void copy_value(REAL* to, int line, int k) const {
    if (line >= lines || k > S::IN || (k == S::IN && !S::BIAS)) { *to = 0; return; }
    if (k == S::IN) { *to = 1; return; }
    if constexpr (s == 0) {
      copy_later(to, batch.x(line / S::POSITIONS) + line % S::POSITIONS * S::IN + k);
    } else {
      const REAL* from = batch.memory.work + Stage<s - 1>::H + line * S::IN + k;
      if (WORK_SHARED) *to = *from; else copy_later(to, from);
    }
  }
  MEMBER void copy(REAL* to, int a, int b) const { ALONG_K ? copy_value(to, a, b) : copy_value(to, b, a); }
  MEMBER bool copy_wide(REAL* to, int a, int b) const {
    const int line = ALONG_K ? a : b, k = ALONG_K ? b : a;
    if (line >= lines || k + WIDE > S::IN) return false;
    if constexpr (s == 0) copy_wide_later(to, batch.x(line / S::POSITIONS) + line % S::POSITIONS * S::IN + k);
    else copy_wide_from<WORK_SHARED>(to, batch.memory.work + Stage<s - 1>::H + line * S::IN + k);
    return true;
  }
};

// What an operand answers to `copy_wide`: false where not all of these numbers are its own, and it copies none.
// The gradients of a stage's values, G(row, output), as A(row, k) or, along the outputs, as B(k = row, n).
template <int s, bool ALONG_K> struct Gradients {
  static constexpr bool wide = Stage<s>::OUT % WIDE == 0;
  static constexpr bool along_k = ALONG_K;
  const Batch& batch;
  int lines;
  MEMBER void copy(REAL* to, int a, int b) const {
    int line = ALONG_K ? a : b, output = ALONG_K ? b : a;
    if (line >= lines || output >= Stage<s>::OUT) { *to = 0; return; }
    const REAL* from = batch.memory.work + Stage<s>::G + line * Stage<s>::OUT + output;
    if (WORK_SHARED) *to = *from; else copy_later(to, from);
  }
  MEMBER bool copy_wide(REAL* to, int a, int b) const {
    const int line = ALONG_K ? a : b, output = ALONG_K ? b : a;
    if (line >= lines || output + WIDE > Stage<s>::OUT) return false;
    copy_wide_from<WORK_SHARED>(to, batch.memory.work + Stage<s>::G + line * Stage<s>::OUT + output);
    return true;
  }
};

// The weights of a stage, as B(k = input, n = output) forward and as B(k = output, n = input) backward.
template <int s, bool FORWARD> struct Weights {
  static constexpr bool wide = Stage<s>::OUT % WIDE == 0;
  static constexpr bool along_k = !FORWARD;
  const Batch& batch;
  MEMBER void copy(REAL* to, int n, int k) const {
    int input = FORWARD ? k : n, output = FORWARD ? n : k;
    if (output >= Stage<s>::OUT || input >= Stage<s>::IN) { *to = 0; return; }
    const REAL* from = batch.memory.weights + Stage<s>::WEIGHT + input * Stage<s>::OUT + output;
    if (WEIGHTS_SHARED) *to = *from; else copy_later(to, from);
  }
  MEMBER bool copy_wide(REAL* to, int n, int k) const {
    const int input = FORWARD ? k : n, output = FORWARD ? n : k;
    if (output + WIDE > Stage<s>::OUT || input >= Stage<s>::IN) return false;
    copy_wide_from<WEIGHTS_SHARED>(to, batch.memory.weights + Stage<s>::WEIGHT + input * Stage<s>::OUT + output);
    return true;
  }
};

// Takes a value through what lies behind a stage's Linear or softmax, and keeps what the way back needs.
template <int s> DEVICE void hand_on(const Batch& batch, int line, int output, REAL value) {
  using S = Stage<s>;
  if (S::KIND == SOFTMAX || S::KIND == LOG_SOFTMAX) line_of<s>(batch, S::NEAR_S, S::S, line)[output] = value;
  REAL h = value, d = 1;
  if (S::BEHIND) {
    int row = line / S::POSITIONS, position = line % S::POSITIONS;
    S::behind(h, d, S::DROPS_HERE ? batch.key(row) : 0, position * S::OUT + output);
    line_of<s>(batch, S::NEAR_D, S::D, line)[output] = d;
  }
  line_of<s>(batch, S::NEAR_H, S::H, line)[output] = h;
  if (Near<s>::is && BLOCKS > 1 && !SPREAD) batch.memory.work[S::H + line * S::OUT + output] = h;
}

// Takes the gradient of what a stage handed on back to its values. A line has WIDTH numbers for who asks: where a
// Flatten lies between, other ones than the stage's own.
template <int s, int WIDTH> DEVICE void hand_back(const Batch& batch, int line, int i, REAL gradient) {
  using S = Stage<s>;
  if constexpr (Near<s>::is) {
    if (S::BEHIND) gradient *= line_of<s>(batch, S::NEAR_D, S::D, line)[i];
    line_of<s>(batch, S::NEAR_G, S::G, line)[i] = gradient;
    if (BLOCKS > 1 && !SPREAD) batch.memory.work[S::G + line * S::OUT + i] = gradient;
  } else {
    const int at = line * WIDTH + i;
    batch.memory.work[S::G + at] = S::BEHIND ? gradient * batch.memory.work[S::D + at] : gradient;
  }
}

// Softmax and its logarithm: a warp for each line.
template <int s> DEVICE void forward_softmax(const Batch& batch, int low, int high) {
  using S = Stage<s>;
  for (int line = low + WARP; line < high; line += WARPS) {
    const REAL* z = into<s>(batch, line);
    REAL highest = z[0], total = 0;
    for (int i = LANE; i < S::OUT; i += 32) highest = z[i] > highest ? z[i] : highest;
    highest = largest_of_warp(highest);
    for (int i = LANE; i < S::OUT; i += 32) total += exp(z[i] - highest);
    total = sum_of_warp(total);
    for (int i = LANE; i < S::OUT; i += 32)
      hand_on<s>(batch, line, i, S::KIND == SOFTMAX ? exp(z[i] - highest) / total : z[i] - highest - log(total));
  }
}

template <int s> DEVICE void backward_softmax(const Batch& batch, int low, int high) {
  using S = Stage<s>;
  for (int line = low + WARP; line < high; line += WARPS) {
    const REAL *g = line_of<s>(batch, S::NEAR_G, S::G, line), *h = line_of<s>(batch, S::NEAR_S, S::S, line);
    REAL total = 0;
    for (int i = LANE; i < S::OUT; i += 32) total += S::KIND == SOFTMAX ? g[i] * h[i] : g[i];
    total = sum_of_warp(total);
    for (int i = LANE; i < S::OUT; i += 32)
      hand_back<(s > 0 ? s - 1 : 0), S::OUT>(batch, line, i, S::KIND == SOFTMAX ? h[i] * (g[i] - total) : g[i] - exp(h[i]) * total);
  }
}

// What a network begins with where that is no Linear.
template <int s> DEVICE void forward_point(const Batch& batch, int low, int high) {
  using S = Stage<s>;
  for (int at = low * S::OUT + THREAD; at < high * S::OUT; at += THREADS) {
    const int line = at / S::OUT, i = at % S::OUT;
    hand_on<s>(batch, line, i, Near<s>::is ? into<s>(batch, line)[i] : batch.x(line / S::POSITIONS)[line % S::POSITIONS * S::OUT + i]);
  }
}

// The stages of a network: what has a pass of its own, and the activations and Dropouts behind it.
//
// Stage<s> is written by source.py from the network. The memory of a stage holds, for each row of a batch:
// H what it hands on, D the derivative of what lies behind it, G the gradient of its values before that;
// S what it keeps for the way back besides: KEPT numbers of a line. Where few rows are a block's tile (THIN), those of the stages from FIRST_ROWS on lie in
// shared memory, and what other blocks read of them in global memory too.
struct Memory {
  REAL *weights, *first, *second, *third, *averages, *work, *room;
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

// The line of a stage's array.
template <int s> DEVICE REAL* line_of(const Batch& batch, int near_at, int at, int line) {
  using S = Stage<s>;
  return Near<s>::is ? batch.memory.near_rows + near_at + (line - batch.first) * S::STRIDE : batch.memory.work + at + line * S::OUT;
}

// What goes into a stage for a line, and the gradient of its values. NEAR: of the tile of this block, where that lies.
template <int s, bool NEAR = true> DEVICE const REAL* into(const Batch& batch, int line) {
  using S = Stage<s>;
  if constexpr (NEAR && Near<s>::is && s == FIRST_ROWS) return batch.memory.near_x + (line - batch.first) * IN_STRIDE;
  else if constexpr (NEAR && Near<s>::is) return line_of<s - 1>(batch, Stage<s - 1>::NEAR_H, Stage<s - 1>::H, line);
  else if constexpr (s == 0) return batch.x(line / S::POSITIONS) + line % S::POSITIONS * S::IN;
  else return batch.memory.work + Stage<s - 1>::H + line * S::IN;
}
template <int s, bool NEAR = true> DEVICE const REAL* gradients_of(const Batch& batch, int line) {
  using S = Stage<s>;
  return NEAR ? line_of<s>(batch, S::NEAR_G, S::G, line) : batch.memory.work + S::G + line * S::OUT;
}

// The numbers that a stage keeps of a line, and how one of them is written: where gradients of weights read it too.
template <int s, bool NEAR = true> DEVICE const REAL* kept_of(const Batch& batch, int line) {
  using S = Stage<s>;
  return NEAR && Near<s>::is ? batch.memory.near_rows + S::NEAR_S + (line - batch.first) * S::STRIDE : batch.memory.work + S::S + line * S::KEPT;
}
template <int s> DEVICE void keep(const Batch& batch, int line, int i, REAL value) {
  using S = Stage<s>;
  if (Near<s>::is) batch.memory.near_rows[S::NEAR_S + (line - batch.first) * S::STRIDE + i] = value;
  if (!Near<s>::is || (S::LINES > 0 && BLOCKS > 1 && !SPREAD)) batch.memory.work[S::S + line * S::KEPT + i] = value;
}

// A weight by its place among those of its stage: where it lies in shared memory, and what it is.
template <int s> DEVICE int near_place_in(int at) { return Stage<s>::NEAR_WEIGHT + at / Stage<s>::WIDTH * Stage<s>::LINE + at % Stage<s>::WIDTH; }
template <int s> DEVICE REAL fitted(const Batch& batch, int at) {
  return Near<s>::is ? batch.memory.near_weights[near_place_in<s>(at)] : batch.memory.weights[Stage<s>::WEIGHT + at];
}

// Each value of lines [low, high), a thread each; each line, a warp each.
template <int WIDTH, class Each> DEVICE void each_value(int low, int high, const Each& each) {
  for (int at = low * WIDTH + THREAD; at < high * WIDTH; at += THREADS) each(at / WIDTH, at % WIDTH);
}
template <class Each> DEVICE void each_line(int low, int high, const Each& each) {
  for (int line = low + WARP; line < high; line += WARPS) each(line);
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
  if (S::KIND == SOFTMAX || S::KIND == LOG_SOFTMAX) keep<s>(batch, line, output, value);
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

// Hands the gradient of what went into a stage back.
template <int s> DEVICE void hand_before(const Batch& batch, int line, int i, REAL gradient) {
  hand_back<(s > 0 ? s - 1 : 0), Stage<s>::IN>(batch, line, i, gradient);
}

// A stage that hands on what goes into it: what a network begins with where that has no stage, and a residual block.
template <int s> DEVICE void forward_point(const Batch& batch, int low, int high) {
  each_value<Stage<s>::OUT>(low, high, [&](int line, int i) { hand_on<s>(batch, line, i, into<s>(batch, line)[i]); });
}

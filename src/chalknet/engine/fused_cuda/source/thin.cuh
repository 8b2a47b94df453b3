// Stages for a tile of few rows: values and weights lie in shared memory, and nothing is copied before a product.
//
// A thread sums one column for all rows of the tile, over a part of k; the parts are added up in a fixed order.
// Lines of weights have an odd number of numbers, so that a warp's loads along either side spread over the banks.
template <int WIDTH, int DEPTH> struct Columns {
  static constexpr int POWER = WIDTH > 16 ? 32 : WIDTH > 8 ? 16 : WIDTH > 4 ? 8 : WIDTH > 2 ? 4 : WIDTH;
  static constexpr int ACROSS = WIDTH <= 32 ? POWER : (WIDTH + 31) / 32 * 32 < THREADS ? (WIDTH + 31) / 32 * 32 : THREADS;
  static constexpr int GROUPS = THREADS / ACROSS < (DEPTH + 3) / 4 ? THREADS / ACROSS : (DEPTH + 3) / 4;
  static constexpr int TURNS = (DEPTH + 4 * GROUPS - 1) / (4 * GROUPS);  // in each a thread takes four of k
};

// FIRST_HELD: the weights of the first Linear without its bias stay in the registers of the threads that sum with them
// and add up their gradients.
#if FIRST_HELD
struct Held {
  using S = Stage<0>;
  using C = Columns<S::OUT, S::IN>;
  Kept kept[C::TURNS][4];
  template <class Each> MEMBER void each_place(const Each& each) {
    const int group = THREAD / C::ACROSS, column = THREAD % C::ACROSS;
    UNROLL for (int turn = 0; turn < C::TURNS; ++turn)
      UNROLL for (int i = 0; i < 4; ++i) {
        const int k = 4 * (group + turn * C::GROUPS) + i;
        if (group < C::GROUPS && column < S::OUT && k < S::IN) each(kept[turn][i], S::WEIGHT + k * S::OUT + column);
        else kept[turn][i].w = 0;
      }
  }
  MEMBER void load(const Memory& memory) {
    each_place([&](Kept& weight, int place) { weight.load(memory, place); });
  }
  MEMBER void store(const Call& call, Memory memory) {
    memory.first = call.first, memory.second = call.second, memory.third = call.third;
    each_place([&](Kept& weight, int place) { weight.store(memory, place); });
  }
};
#endif

// For columns [0, WIDTH): the sums over k < DEPTH of a(row)[k] b(k, column), which a thread asks for by turns of four k
// each; handed to `each(row, column, sum)`.
template <int WIDTH, int DEPTH, int STRIDE, int UNROLLED, class B, class Each>
DEVICE void thin_product(const REAL* a, const B& b, const Each& each, REAL* room) {
  using C = Columns<WIDTH, DEPTH>;
  const int group = THREAD / C::ACROSS;
  for (int column0 = 0; column0 < WIDTH; column0 += C::ACROSS) {
    const int column = column0 + THREAD % C::ACROSS;
    REAL sums[TILE_ROWS];
    UNROLL for (int row = 0; row < TILE_ROWS; ++row) sums[row] = 0;
    if (group < C::GROUPS && column < WIDTH) {
      UNROLL_BY(unroll UNROLLED) for (int turn = 0; turn < C::TURNS; ++turn) {
        const int k = 4 * (group + turn * C::GROUPS);
        if (k >= DEPTH) break;
        REAL from_b[4];
        UNROLL for (int i = 0; i < 4; ++i) from_b[i] = k + i < DEPTH ? b(k + i, column, turn, i) : (REAL)0;
        UNROLL for (int row = 0; row < TILE_ROWS; ++row) {
          REAL from_a[4];
          load_piece<4, 4>(from_a, a + row * STRIDE + k);
          UNROLL for (int i = 0; i < 4; ++i) sums[row] += from_a[i] * from_b[i];
        }
      }
    }
    if (column0) meet_block();
    if (group < C::GROUPS)
      UNROLL for (int row = 0; row < TILE_ROWS; ++row) room[(group * TILE_ROWS + row) * C::ACROSS + THREAD % C::ACROSS] = sums[row];
    meet_block();
    for (int at = THREAD; at < TILE_ROWS * C::ACROSS; at += THREADS) {
      if (column0 + at % C::ACROSS >= WIDTH) continue;
      REAL sum = 0;
      UNROLL_BY(unroll 8) for (int g = 0; g < C::GROUPS; ++g) sum += room[g * TILE_ROWS * C::ACROSS + at];
      each(at / C::ACROSS, column0 + at % C::ACROSS, sum);
    }
  }
}

template <int s> DEVICE void thin_forward(const Batch& batch, int high) {
  using S = Stage<s>;
  constexpr int STRIDE = s == FIRST_ROWS ? IN_STRIDE : Stage<(s > 0 ? s - 1 : 0)>::STRIDE;
  const REAL* w = batch.memory.near_weights + S::NEAR_WEIGHT;
  constexpr bool HELD = FIRST_HELD && s == 0;
  thin_product<S::OUT, S::IN, STRIDE, HELD ? Columns<S::OUT, S::IN>::TURNS : 2>(
      into<s>(batch, batch.first), [&](int k, int column, int turn, int i) {
#if FIRST_HELD
        if (HELD) return batch.held->kept[turn][i].w;
#endif
        return w[k * S::LINE + column];
      },
      [&](int row, int column, REAL sum) {
        if (batch.first + row >= high) return;
        if (S::BIAS) sum += w[S::IN * S::LINE + column];
        hand_on<s>(batch, batch.first + row, column, sum);
      },
      batch.memory.room);
}

template <int s> DEVICE void thin_backward(const Batch& batch, int high) {
  using S = Stage<s>;
  const REAL* w = batch.memory.near_weights + S::NEAR_WEIGHT;
  thin_product<S::IN, S::OUT, S::STRIDE, 2>(
      gradients_of<s>(batch, batch.first), [&](int k, int column, int, int) { return w[column * S::LINE + k]; },
      [&](int row, int column, REAL sum) {
        if (batch.first + row < high) hand_before<s>(batch, batch.first + row, column, sum);
      },
      batch.memory.room);
}

// Copies the weights of the stages in shared memory there, or back.
template <int s, bool BACK> DEVICE void copy_weights(const Memory& memory) {
  if constexpr (s < STAGES) {
    using S = Stage<s>;
    if constexpr (S::LINES > 0)
      for (int at = THREAD; at < (S::LINES + S::BIAS) * S::WIDTH; at += THREADS) {
        REAL *far = memory.weights + S::WEIGHT + at, *near = memory.near_weights + near_place_in<s>(at);
        if (BACK) *far = *near; else copy_later(near, far);
      }
    copy_weights<s + 1, BACK>(memory);
  }
}

// The samples of a block's tile. Their numbers are read from the order one update before their inputs are copied.
struct Samples {
  int64 at[TILE_ROWS];
  MEMBER void read(const Batch& batch) {
    UNROLL for (int row = 0; row < TILE_ROWS; ++row)
      at[row] = batch.first + row < batch.rows.size ? sample_at(batch.call, batch.rows.start + batch.first + row) : 0;
  }
};

// Begins to copy what goes into the tile's first stage, and its targets: of the samples, or of the Linear before.
DEVICE void copy_inputs(const Batch& batch, const Samples& samples) {
  constexpr int WIDTH = Stage<(FIRST_ROWS < STAGES ? FIRST_ROWS : 0)>::IN;
  UNROLL for (int row = 0; row < TILE_ROWS; ++row) {
    if (batch.first + row >= batch.rows.size) break;
    const REAL* from;
    if constexpr (FIRST_ROWS == 0) from = batch.call.x + samples.at[row] * FEATURES;
    else from = batch.memory.work + Stage<(FIRST_ROWS > 0 ? FIRST_ROWS - 1 : 0)>::H + (batch.first + row) * WIDTH;
    for (int i = THREAD; i < WIDTH; i += THREADS) copy_later(batch.memory.near_x + row * IN_STRIDE + i, from + i);
    const TARGET* y = batch.call.y + samples.at[row] * Y_WIDTH;
    for (int i = THREAD; i < Y_WIDTH; i += THREADS) copy_later(batch.memory.near_y + row * Y_WIDTH + i, y + i);
  }
}

// The gradients of the weights over the rows of the block's tile, four inputs at a time, handed to
// `each(place in the lines of shared memory, place in the vector of weights, gradient, turn, i)`; turn -1 for what
// lies in shared memory.
template <int s, class Each> DEVICE void thin_gradients(const Batch& batch, const Each& each) {
  using S = Stage<s>;
  if constexpr (S::KIND == LINEAR) {
    using C = Columns<S::OUT, S::IN>;
    constexpr int STRIDE = s == FIRST_ROWS ? IN_STRIDE : Stage<(s > 0 ? s - 1 : 0)>::STRIDE;
    constexpr bool HELD = FIRST_HELD && s == 0;
    const REAL *a = into<s>(batch, batch.first), *gradients = gradients_of<s>(batch, batch.first);
    const int group = THREAD / C::ACROSS;
    for (int column = THREAD % C::ACROSS; column < S::OUT && group < C::GROUPS; column += C::ACROSS) {
      REAL g[TILE_ROWS], of_bias = 0;
      UNROLL for (int row = 0; row < TILE_ROWS; ++row) {
        g[row] = batch.first + row < batch.rows.size ? gradients[row * S::STRIDE + column] : (REAL)0;
        of_bias += g[row];
      }
      const int near = S::NEAR_WEIGHT + column, place = S::WEIGHT + column;
      if (SPREAD || S::TRAIN_WEIGHT)
        UNROLL_BY(unroll (HELD ? C::TURNS : 2)) for (int turn = 0; turn < C::TURNS; ++turn) {
          const int k = 4 * (group + turn * C::GROUPS);
          if (k >= S::IN) break;
          REAL sums[4] = {0, 0, 0, 0};
          UNROLL for (int row = 0; row < TILE_ROWS; ++row) {
            REAL from_a[4];
            load_piece<4, 4>(from_a, a + row * STRIDE + k);
            UNROLL for (int i = 0; i < 4; ++i) sums[i] += g[row] * from_a[i];
          }
          UNROLL for (int i = 0; i < 4; ++i)
            if (k + i < S::IN) each(near + (k + i) * S::LINE, place + (k + i) * S::OUT, sums[i], HELD ? turn : -1, i);
        }
      if (S::BIAS && (SPREAD || S::TRAIN_BIAS) && group == 0) each(near + S::IN * S::LINE, place + S::IN * S::OUT, of_bias, -1, 0);
    }
  } else if constexpr (S::LINES > 0) {
    thin_line_gradients<s>(batch, each);
  }
  if constexpr (s + 1 < STAGES) thin_gradients<s + 1>(batch, each);
}

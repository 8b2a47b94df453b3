// Any chain of Linears, activations, norms, residual blocks and what else has a stage: k updates in one launch.
//
// An update is a row of phases with a barrier of all blocks behind each:
//   the stages before FIRST_ROWS: all up to the last BatchNorm, and wide ones; each is cut into tiles of rows and outputs;
//   tiles of rows, each taken through all further stages, the loss and back by one block;
//   the way back through the stages before FIRST_ROWS;
//   tiles of the weights' gradients, each with its weights' update. Where there are too few tiles for the blocks,
//   the rows are split too: parts of gradients are written, and added up by one more phase.
// Where something is done to the gradients, they are all written before the weights' update: see altered.cuh.
// A cluster whose blocks have all weights in shared memory goes another way with its gradients: see spread.cuh.
// All sums are taken in an order that follows from the shapes alone.

// The loss of rows [low, high), for thread 0, and the gradients that begin the way back. Classes have a warp for each
// row, all else has a thread for each value.
DEVICE double loss_of_rows(const Batch& batch, int low, int high, double* of_warps) {
  constexpr int last = STAGES - 1;
  constexpr int WIDTH = Stage<last>::OUT * Stage<last>::POSITIONS;
  constexpr int LOSING = CLASS_LOSS ? TILE_ROWS : (TILE_ROWS * Y_WIDTH + 31) / 32;  // warps that have a part of it
  const REAL share = share_of(batch.rows.size);
  const auto yhat_of = [&](int row) {
    return Near<last>::is ? line_of<last>(batch, Stage<last>::NEAR_H, Stage<last>::H, row) : batch.memory.work + Stage<last>::H + row * WIDTH;
  };
  const auto y_of = [&](int row) {
    return THIN ? batch.memory.near_y + (row - low) * Y_WIDTH : batch.call.y + sample_at(batch.call, batch.rows.start + row) * Y_WIDTH;
  };
  double total = 0;
#if CLASS_LOSS
  for (int row = low + WARP; row < high; row += WARPS) {
    const REAL* yhat = yhat_of(row);
    const int label = (int)y_of(row)[0];
    REAL highest = yhat[0], sum = 0;
    for (int i = LANE; i < WIDTH; i += 32) highest = yhat[i] > highest ? yhat[i] : highest;
    highest = largest_of_warp(highest);
    for (int i = LANE; i < WIDTH; i += 32) sum += exp(yhat[i] - highest);
    sum = sum_of_warp(sum);
    const REAL weight = batch.weight(row);
    REAL gain;
    const REAL loss = loss_of_row(sum, highest, yhat[label], gain);
    for (int i = LANE; i < WIDTH; i += 32)
      hand_back<last, WIDTH>(batch, row, i, share * weight * gradient_of_row(gain, exp(yhat[i] - highest) / sum, i == label));
    if (LANE == 0) total += weight * loss;
  }
#else
  constexpr int HALF = LAST_AXIS / 2;  // PAIRS: the first numbers of a line of yhat, then their spreads
  for (int at = THREAD; at < (high - low) * Y_WIDTH; at += THREADS) {
    const int row = low + at / Y_WIDTH, target = at % Y_WIDTH;
    const int i = PAIRS ? target / HALF * LAST_AXIS + target % HALF : target;
    const REAL weight = batch.weight(row), yhat = yhat_of(row)[i], y = y_of(row)[target];
    const REAL spread = PAIRS ? yhat_of(row)[i + HALF] : (REAL)0;
    total += weight * loss_of(yhat, spread, y);
    hand_back<last, WIDTH>(batch, row, i, share * weight * gradient_of_loss(yhat, spread, y));
    if (PAIRS) hand_back<last, WIDTH>(batch, row, i + HALF, share * weight * gradient_of_spread(yhat, spread, y));
  }
  if (WARP < LOSING) total = sum_of_warp(total);
#endif
  if (LANE == 0) of_warps[WARP] = total;
  meet_block();
  double sum = 0;
  if (THREAD == 0) UNROLL for (int warp = 0; warp < (LOSING < WARPS ? LOSING : WARPS); ++warp) sum += of_warps[warp];
  return sum * share;
}

template <int s> DEVICE void rows_forward(const Batch& batch, int low, int high) {
  if constexpr (s < STAGES) {
    forward<s>(batch, low * Stage<s>::POSITIONS, high * Stage<s>::POSITIONS, 0, Stage<s>::OUT);
    rows_forward<s + 1>(batch, low, high);
  }
}

template <int s> DEVICE void rows_backward(const Batch& batch, int low, int high) {
  if constexpr (s >= FIRST_ROWS && s > FIRST_FITTED) {
    backward<s>(batch, low * Stage<s>::POSITIONS, high * Stage<s>::POSITIONS, 0, Stage<s>::IN);
    rows_backward<s - 1>(batch, low, high);
  }
}

// A phase of tiles: some rows through all stages from FIRST_ROWS on, and back; thread 0 hands each tile's loss on.
template <class HandOn> DEVICE void run_rows(Batch& batch, double* of_warps, const HandOn& hand_on_loss) {
  for (int tile = BLOCK; tile * TILE_ROWS < batch.rows.size; tile += BLOCKS) {
    const int low = tile * TILE_ROWS, high = low + TILE_ROWS < batch.rows.size ? low + TILE_ROWS : batch.rows.size;
    batch.first = low;
    rows_forward<FIRST_ROWS>(batch, low, high);
    const double loss = loss_of_rows(batch, low, high, of_warps);
    if (THREAD == 0) hand_on_loss(tile, loss);
    rows_backward<STAGES - 1>(batch, low, high);
  }
}

// What a block takes of a stage before FIRST_ROWS at a time: M lines by N values. A BatchNorm takes all lines.
template <int s, bool FORWARD, int KIND> struct Share {
  static constexpr int M = KIND == BATCH_NORM ? ROWS : WARPS, N = KIND == BATCH_NORM ? 32 : FORWARD ? Stage<s>::OUT : Stage<s>::IN;
};
template <int s> struct Share<s, true, LINEAR> { static constexpr int M = Stage<s>::Forward::M, N = Stage<s>::Forward::N; };
template <int s> struct Share<s, false, LINEAR> { static constexpr int M = Stage<s>::Backward::M, N = Stage<s>::Backward::N; };

// A phase of tiles of one such stage: rows by outputs forward, rows by inputs backward.
template <int s, bool FORWARD> DEVICE void run_wide(const Batch& batch) {
  using S = Stage<s>;
  constexpr int M = Share<s, FORWARD, S::KIND>::M, N = Share<s, FORWARD, S::KIND>::N;
  constexpr int WIDTH = FORWARD ? S::OUT : S::IN, ACROSS = (WIDTH + N - 1) / N;
  const int lines = batch.rows.size * S::POSITIONS, tiles = (lines + M - 1) / M * ACROSS;
  for (int tile = BLOCK; tile < tiles; tile += BLOCKS) {
    const int m = tile / ACROSS * M, n = tile % ACROSS * N;
    const int high = m + M < lines ? m + M : lines, to = n + N < WIDTH ? n + N : WIDTH;
    if (FORWARD) forward<s>(batch, m, high, n, to);
    else backward<s>(batch, m, high, n, to);
  }
}

template <int s> DEVICE void wide_forward(const Batch& batch, uint32& round) {
  if constexpr (s < FIRST_ROWS) {
    run_wide<s, true>(batch);
    meet_all(batch.call.counter, round);
    wide_forward<s + 1>(batch, round);
  }
}

template <int s> DEVICE void wide_backward(const Batch& batch, uint32& round) {
  if constexpr (s > FIRST_FITTED) {
    run_wide<s, false>(batch);
    meet_all(batch.call.counter, round);
    wide_backward<s - 1>(batch, round);
  }
}

// The gradients of the weights, a tile of inputs by outputs at a time, and the update of these weights.
template <int s> DEVICE void run_weights(const Batch& batch, const Rule& rule) {
  using S = Stage<s>;
  if constexpr (S::KIND == LINEAR) {
    using T = typename S::Gradient;
    constexpr int HEIGHT = S::IN + S::BIAS, ACROSS = (S::OUT + T::N - 1) / T::N;
    constexpr int TILES = (HEIGHT + T::M - 1) / T::M * ACROSS * SPLITS;
    const int lines = batch.rows.size * S::POSITIONS, part = (lines + SPLITS - 1) / SPLITS;
    const Memory& memory = batch.memory;
    Into<s, false> a{batch, lines};
    Gradients<s, false> b{batch, lines};
    for (int tile = (BLOCK + BLOCKS - S::TILES_BEFORE % BLOCKS) % BLOCKS; tile < TILES; tile += BLOCKS) {
      const int split = tile % SPLITS, m = tile / SPLITS / ACROSS * T::M, n = tile / SPLITS % ACROSS * T::N;
      const int low = split * part, high = low + part < lines ? low + part : lines;
      Kept kept[T::EACH];  // what the update reads is under way while the gradient is summed
      UNROLL for (int i = 0; i < T::EACH; ++i) {
        const int at = THREAD + i * THREADS, input = m + at / T::N, output = n + at % T::N;
        if (!IN_PARTS && at < T::M * T::N && input < HEIGHT && output < S::OUT) kept[i].load(memory, S::WEIGHT + input * S::OUT + output);
      }
      product<T, 4 * BLOCKS * TILE_ROWS>(m, n, low, high, a, b, [&](int i, int input, int output, REAL sum) {
        if (input >= HEIGHT || output >= S::OUT || !(input < S::IN ? S::TRAIN_WEIGHT : S::TRAIN_BIAS)) return;
        const int place = S::WEIGHT + input * S::OUT + output;
        if (IN_PARTS) memory.work[PARTS_OF_GRADIENTS + (int64)split * WEIGHTS + place] = sum;
        else kept[i].update(rule, memory, place, sum);
      }, memory.room);
    }
  } else if constexpr (S::LINES > 0) {
    run_line_weights<s>(batch, rule);
  }
  if constexpr (s + 1 < STAGES) run_weights<s + 1>(batch, rule);
}

// Adds up the parts of gradients, and updates the weights. The gradients of `altered` are added up already.
DEVICE void run_sums(const Memory& memory, const Rule& rule, const Altered& altered) {
  for (int place = BLOCK * THREADS + THREAD; place < WEIGHTS; place += BLOCKS * THREADS) {
    if (!ALL_TRAINED && !is_trained<0>(place)) continue;
    Kept kept;
    kept.load(memory, place);
    kept.update(rule, memory, place, ALTERS ? altered.factor * memory.work[PARTS_OF_GRADIENTS + place] : sum_of_parts(memory, place));
  }
}

// The loss of an update, the same in every block.
DEVICE double loss_of_update(const Batch& batch, int64 made, double* room) {
  if (BLOCKS > 1) {
    if (WARP == 0) {
      const int tiles = (batch.rows.size + TILE_ROWS - 1) / TILE_ROWS;
      double loss = 0;
      for (int tile = LANE; tile < tiles; tile += 32) loss += batch.call.parts[tile];
      loss = sum_of_warp(loss);
      if (LANE == 0) *room = loss;
    }
    meet_block();
  }
  return *room;
}

DEVICE Memory memory_of(const Call& call, unsigned char* bytes) {
  REAL* shared = (REAL*)(bytes + HEAD_BYTES);
  Memory memory;
  memory.room = shared;
  shared += ROOM;
  memory.gradients = shared;
  shared += SPREAD ? BLOCKS * CHUNK : 0;
  memory.near_weights = shared;
  shared += NEAR_WEIGHTS;
  memory.near_rows = shared;
  shared += NEAR_ROWS;
  memory.near_x = shared;
  shared += NEAR_X;
  memory.weights = WEIGHTS_SHARED ? shared : call.weights;
  shared += WEIGHTS_SHARED ? WEIGHTS : 0;
  memory.averages = call.averages;
  memory.work = WORK_SHARED ? shared : call.work;
  shared += WORK_SHARED ? WORK : 0;
  memory.first = USES_FIRST && STATE_SHARED ? shared : call.first;
  shared += USES_FIRST && STATE_SHARED ? WEIGHTS : 0;
  memory.second = USES_SECOND && STATE_SHARED ? shared : call.second;
  shared += USES_SECOND && STATE_SHARED ? WEIGHTS : 0;
  memory.third = USES_THIRD && STATE_SHARED ? shared : call.third;
  shared += USES_THIRD && STATE_SHARED ? WEIGHTS : 0;
  memory.near_y = (TARGET*)(((uint64)shared + 7) / 8 * 8);
  return memory;
}

DEVICE void copy_all(REAL* to, const REAL* from) {
  if (to != from) for (int at = THREAD; at < WEIGHTS; at += THREADS) to[at] = from[at];
}

// Brings weights and what is kept of them into shared memory, where they stay for the whole launch, or back.
template <bool BACK> DEVICE void carry(const Call& call, const Memory& memory) {
  if (WEIGHTS_SHARED) BACK ? copy_all(call.weights, memory.weights) : copy_all(memory.weights, call.weights);
  if (STATE_SHARED && USES_FIRST) BACK ? copy_all(call.first, memory.first) : copy_all(memory.first, call.first);
  if (STATE_SHARED && USES_SECOND) BACK ? copy_all(call.second, memory.second) : copy_all(memory.second, call.second);
  if (STATE_SHARED && USES_THIRD) BACK ? copy_all(call.third, memory.third) : copy_all(memory.third, call.third);
  if constexpr (THIN && (BLOCKS == 1 || (SPREAD && !BACK))) copy_weights<0, BACK>(memory);
  if (THIN && !BACK)  // what fills up a line is zero and stays zero
    for (int at = THREAD; at < NEAR_ROWS + NEAR_X; at += THREADS) memory.near_rows[at] = 0;
  wait_for_copies();
  meet_block();
}

// The batch of an update, with the tile of this block; of several updates, inputs take turns in two places.
DEVICE Batch batch_at(const Call& call, const Memory& memory, const Rows& rows, int64 made) {
  Batch batch{call, rows, memory, BLOCK * TILE_ROWS};
  if (THIN && FIRST_ROWS == 0) {
    batch.memory.near_x += (made & 1) * TILE_ROWS * IN_STRIDE;
    batch.memory.near_y += (made & 1) * TILE_ROWS * Y_WIDTH;
  }
  return batch;
}

// What an update does with the gradients of its rows; returns its loss, the same in every block.
DEVICE double run_update(const Batch& batch, const Rule& rule, int64 made, uint32& round, double* room, double* of_warps) {
  meet_all(batch.call.counter, round);
  wide_backward<FIRST_ROWS - 1>(batch, round);
  double loss = loss_of_update(batch, made, room);
  if constexpr (THIN && BLOCKS == 1)
    thin_gradients<0>(batch, [&](int near, int place, REAL sum, int turn, int i) {
#if FIRST_HELD
      if (turn >= 0) return batch.held->kept[turn][i].step(rule, sum);
#endif
      const Memory& memory = batch.memory;
      optimize_at(rule, memory.near_weights, memory.first, memory.second, memory.third, near, place, sum);
    });
  else run_weights<0>(batch, rule);
  if (IN_PARTS) {
    meet_all(batch.call.counter, round);
    const Altered altered = alter(batch, of_warps, round);
    loss += altered.penalty;
    run_sums(batch.memory, rule, altered);
  }
  meet_all(batch.call.counter, round);
  return loss;
}

LAUNCHED_KERNEL updates(const Call call) {
  SHARED_MEMORY;
  const Memory memory = memory_of(call, shared_bytes);
  double *room = (double*)shared_bytes, *of_warps = (double*)(shared_bytes + HEAD_BYTES - 256);
  carry<false>(call, memory);
#if SPREAD
  Spread spread;
  spread.begin(memory, shared_bytes);
#endif
#if FIRST_HELD
  Held held;
  held.load(memory);
#endif
  Rows rows = rows_of(call, 0), next = rows_after(call, rows, 0);
  Rule rule = rule_of(call, 0);
  Samples samples;
  if constexpr (THIN && FIRST_ROWS == 0) {
    samples.read(batch_at(call, memory, rows, 0));
    copy_inputs(batch_at(call, memory, rows, 0), samples);
    if (call.updates > 1) samples.read(batch_at(call, memory, next, 1));
  }
  uint32 round = 0;
  int64 made = 0;
  for (bool ends = false; made < call.updates && !ends; ++made) {
    if (!(THIN && FIRST_ROWS == 0)) rows = rows_of(call, made);
    Batch batch = batch_at(call, memory, rows, made);
#if FIRST_HELD
    batch.held = &held;
#endif
    Rule ahead = rule;
    if (HOLDS_RULE) go_on(call, ahead, made + 1);
    else rule = rule_of(call, made);
    const Rows over_next = rows_after(call, next, made + 1);
    if constexpr (THIN && BLOCKS > 1 && !SPREAD) copy_weights<FIRST_ROWS, false>(memory);
    wide_forward<0>(batch, round);
    if constexpr (THIN && FIRST_ROWS > 0) {
      samples.read(batch);
      copy_inputs(batch, samples);
    }
    if (THIN) {
      wait_for_copies();
      meet_block();
    }
    if constexpr (THIN && FIRST_ROWS == 0) {
      if (made + 1 < call.updates) copy_inputs(batch_at(call, memory, next, made + 1), samples);
      if (made + 2 < call.updates) samples.read(batch_at(call, memory, over_next, made + 2));
    }
    double loss = 0;
#if SPREAD
    spread.expect(made);
    run_rows(batch, of_warps, [&](int, double of_tile) { loss = of_tile; });
    if (THREAD == 0) spread.send_loss(loss, made);
    loss = spread.update(batch, rule, made);
#else
    run_rows(batch, of_warps, [&](int tile, double of_tile) { *(BLOCKS == 1 ? room : call.parts + tile) = of_tile; });
    loss = run_update(batch, rule, made, round, room, of_warps);
#endif
    if (BLOCK == 0 && THREAD == 0) call.losses[made] = loss;
    ends = !(loss - loss == 0) || loss <= call.target;
    rows = next;
    next = over_next;
    if (HOLDS_RULE) rule = ahead;
  }
  wait_for_copies();
#if SPREAD
  spread.end(memory);
#endif
  carry<true>(call, memory);
#if FIRST_HELD
  held.store(call, memory);
#endif
  if (BLOCK == 0 && THREAD == 0) *call.made = made;
}

// One hidden layer between few inputs and few outputs: k updates in one launch, its weights in registers throughout.
//
// A thread has UNITS_EACH hidden units, with their weights and what the optimizer keeps of them; LANES_EACH threads
// share a unit and take every so many-th sample on the way back. On the way forward a lane has a sample and a warp
// walks over the units of its block, which are laid out in shared memory; the blocks' sums for each sample are
// exchanged, the one exchange of an update. Then every block computes all losses, so that all know when to end.
// The last warp has no units: it adds up the losses and updates the output's biases while the others go back.
typedef Stage<0> Hidden;
typedef Stage<1> Output;
constexpr int D = Hidden::IN, O = Output::OUT, UNITS = Hidden::OUT;
constexpr int EACH = D + Hidden::BIAS + O;                         // weights of a unit: inputs, bias, outputs
constexpr int WORKERS = THREADS - 32;                              // threads that have units
constexpr int BLOCK_UNITS = UNITS_EACH * WORKERS / LANES_EACH;
constexpr int LANE_SAMPLES = (ROWS + 31) / 32, SAMPLES = 32 * LANE_SAMPLES;
constexpr int UNIT_LINE = (EACH + WIDE - 1) / WIDE * WIDE;
constexpr int SAMPLE_LINE = (D + O + (IS_RELU ? D : 0) + WIDE - 1) / WIDE * WIDE;
constexpr int COLUMNS = O * SAMPLES;
constexpr int PIECES = COLUMNS / WIDE;                             // of wide loads, in what a block hands to all
constexpr int CHUNKS = THREADS / PIECES > 1 ? THREADS / PIECES : 1;  // of blocks, whose sums are added up side by side

struct Shared {
  uint64* words;    // two mbarriers
  REAL *units;      // a line each: weights
  REAL *samples;    // a line each: x, gradients of the outputs, their products with x
  REAL *sums;       // of each warp for each output and sample
  REAL *losses, *bias, *ends;
  REAL *exchanged;  // of each block, twice
  REAL *x;          // of the batch, twice
};

DEVICE Shared shared_of(unsigned char* bytes) {
  Shared shared;
  shared.words = (uint64*)bytes;
  shared.units = (REAL*)(bytes + 32);
  shared.samples = shared.units + BLOCK_UNITS * UNIT_LINE;
  shared.sums = shared.samples + SAMPLES * SAMPLE_LINE;
  shared.exchanged = shared.sums + (WARPS > CHUNKS ? WARPS : CHUNKS) * COLUMNS;
  shared.x = shared.exchanged + (BLOCKS_MEET == CLUSTER ? 2 * BLOCKS * COLUMNS : 0);
  shared.losses = shared.x + 2 * SAMPLES * D;
  shared.bias = shared.losses + SAMPLES;
  shared.ends = shared.bias + O;
  return shared;
}

// The weights of a thread's units, and what the optimizer keeps of them.
struct Units {
  REAL w[UNITS_EACH][EACH], first[UNITS_EACH][EACH], second[UNITS_EACH][EACH], third[UNITS_EACH][EACH];
};

DEVICE int unit_in_block(int u) { return u * (WORKERS / LANES_EACH) + THREAD / LANES_EACH; }
DEVICE int unit_at(int u) { return BLOCK * BLOCK_UNITS + unit_in_block(u); }
DEVICE bool has_unit(int u) { return THREAD < WORKERS && unit_at(u) < UNITS; }
DEVICE int place_of(int unit, int k) {
  return k < D + Hidden::BIAS ? Hidden::WEIGHT + k * UNITS + unit : Output::WEIGHT + unit * O + k - D - Hidden::BIAS;
}
DEVICE bool trained(int k) { return k < D ? Hidden::TRAIN_WEIGHT : k < D + Hidden::BIAS ? Hidden::TRAIN_BIAS : Output::TRAIN_WEIGHT; }

DEVICE void load_units(const Call& call, Units& units) {
  UNROLL for (int u = 0; u < UNITS_EACH; ++u) {
    UNROLL for (int k = 0; k < EACH; ++k) {
      const bool is = has_unit(u);
      const int place = is ? place_of(unit_at(u), k) : 0;
      units.w[u][k] = is ? call.weights[place] : (REAL)0;
      units.first[u][k] = is && USES_FIRST ? call.first[place] : (REAL)0;
      units.second[u][k] = is && USES_SECOND ? call.second[place] : (REAL)0;
      units.third[u][k] = is && USES_THIRD ? call.third[place] : (REAL)0;
    }
  }
}

DEVICE void store_units(const Call& call, const Units& units) {
  UNROLL for (int u = 0; u < UNITS_EACH; ++u) {
    if (!has_unit(u) || THREAD % LANES_EACH) continue;
    UNROLL for (int k = 0; k < EACH; ++k) {
      const int place = place_of(unit_at(u), k);
      call.weights[place] = units.w[u][k];
      if (USES_FIRST) call.first[place] = units.first[u][k];
      if (USES_SECOND) call.second[place] = units.second[u][k];
      if (USES_THIRD) call.third[place] = units.third[u][k];
    }
  }
}

// The weights of the output's biases: every thread of the last warp has them.
struct Biases {
  REAL w[O], first[O], second[O], third[O];
};
DEVICE int bias_place(int o) { return Output::WEIGHT + UNITS * O + o; }

DEVICE void load_biases(const Call& call, Biases& biases) {
  UNROLL for (int o = 0; o < O; ++o) {
    biases.w[o] = Output::BIAS ? call.weights[bias_place(o)] : (REAL)0;
    biases.first[o] = Output::BIAS && USES_FIRST ? call.first[bias_place(o)] : (REAL)0;
    biases.second[o] = Output::BIAS && USES_SECOND ? call.second[bias_place(o)] : (REAL)0;
    biases.third[o] = Output::BIAS && USES_THIRD ? call.third[bias_place(o)] : (REAL)0;
  }
}
DEVICE void store_biases(const Call& call, const Biases& biases) {
  if (!Output::BIAS || BLOCK != 0 || THREAD != THREADS - 1) return;
  UNROLL for (int o = 0; o < O; ++o) {
    call.weights[bias_place(o)] = biases.w[o];
    if (USES_FIRST) call.first[bias_place(o)] = biases.first[o];
    if (USES_SECOND) call.second[bias_place(o)] = biases.second[o];
    if (USES_THIRD) call.third[bias_place(o)] = biases.third[o];
  }
}

// The sample of a thread: what is loaded of it one update ahead, and its row two updates ahead.
struct Sample {
  REAL x[D];
  TARGET y[Y_WIDTH], y_ahead[Y_WIDTH];
  REAL weight, weight_ahead;
  int64 row;
};
DEVICE int64 row_for(const Call& call, const Rows& rows, int64 made) {
  return made < call.updates && THREAD < rows.size ? sample_at(call, rows.start + THREAD) : 0;
}
DEVICE void load_sample(const Call& call, Sample& sample) {
  UNROLL for (int d = 0; d < D; ++d) sample.x[d] = call.x[sample.row * D + d];
  UNROLL for (int o = 0; o < Y_WIDTH; ++o) sample.y_ahead[o] = call.y[sample.row * Y_WIDTH + o];
  sample.weight_ahead = WEIGHS ? call.sample_weights[sample.row] : (REAL)1;
}
DEVICE void keep_sample(Sample& sample, REAL* x) {
  UNROLL for (int d = 0; d < D; ++d) x[THREAD * D + d] = sample.x[d];
  UNROLL for (int o = 0; o < Y_WIDTH; ++o) sample.y[o] = sample.y_ahead[o];
  sample.weight = sample.weight_ahead;
}

// The sums over the units of a block: a lane for each sample, a warp for every so many-th unit.
DEVICE void forward_units(const Shared& shared, const REAL (&x)[LANE_SAMPLES][D], const uint32 (&keys)[LANE_SAMPLES]) {
  REAL sums[LANE_SAMPLES][O];
  UNROLL for (int s = 0; s < LANE_SAMPLES; ++s) UNROLL for (int o = 0; o < O; ++o) sums[s][o] = 0;
  UNROLL_BY(unroll 4) for (int turn = 0; turn < BLOCK_UNITS / (WORKERS / 32); ++turn) {
    const int j = turn * (WORKERS / 32) + WARP;
    REAL line[UNIT_LINE];
    load_piece<UNIT_LINE, UNIT_LINE>(line, shared.units + j * UNIT_LINE);
    UNROLL for (int s = 0; s < LANE_SAMPLES; ++s) {
      REAL h = Hidden::BIAS ? line[D] : (REAL)0, slope = 1;
      UNROLL for (int d = 0; d < D; ++d) h += line[d] * x[s][d];
      Hidden::behind(h, slope, keys[s], BLOCK * BLOCK_UNITS + j);
      UNROLL for (int o = 0; o < O; ++o) sums[s][o] += line[D + Hidden::BIAS + o] * h;
    }
  }
  UNROLL for (int s = 0; s < LANE_SAMPLES; ++s)
    UNROLL for (int o = 0; o < O; ++o) shared.sums[WARP * COLUMNS + o * SAMPLES + LANE + 32 * s] = sums[s][o];
}

// The sums over all units for this thread's sample, the same in every block.
DEVICE void exchange(const Call& call, const Shared& shared, REAL (&total)[O], int64 made, uint32& round) {
  const bool has = THREAD < SAMPLES;
  UNROLL for (int o = 0; o < O; ++o) {
    total[o] = 0;
    if (has) UNROLL for (int w = 0; w < WORKERS / 32; ++w) total[o] += shared.sums[w * COLUMNS + o * SAMPLES + THREAD];
  }
#if BLOCKS_MEET == CLUSTER
  REAL* here = shared.exchanged + (made & 1) * BLOCKS * COLUMNS;
  uint64* word = shared.words + (made & 1);
  if (has) {
    UNROLL for (int o = 0; o < O; ++o)
      for (int block = 0; block < BLOCKS; ++block)
        store_in_block(here + BLOCK * COLUMNS + o * SAMPLES + THREAD, block, total[o], word);
    wait_for_bytes(word, (int)(made >> 1));
    UNROLL for (int o = 0; o < O; ++o) {
      total[o] = 0;
      UNROLL for (int block = 0; block < BLOCKS; ++block) total[o] += here[block * COLUMNS + o * SAMPLES + THREAD];
    }
  }
#elif BLOCKS_MEET == GRID
  REAL* parts = call.work + (made & 1) * BLOCKS * COLUMNS;
  if (has) UNROLL for (int o = 0; o < O; ++o) parts[BLOCK * COLUMNS + o * SAMPLES + THREAD] = total[o];
  meet_all(call.counter, round);
  constexpr int PART = (BLOCKS + CHUNKS - 1) / CHUNKS;
  for (int at = THREAD; at < CHUNKS * PIECES; at += THREADS) {
    const int chunk = at / PIECES, piece = at % PIECES;
    Wide sum = {};
    UNROLL_BY(unroll 12) for (int i = 0; i < PART; ++i) {
      const int block = chunk * PART + i;
      const Wide part = block < BLOCKS ? ((const Wide*)(parts + block * COLUMNS))[piece] : Wide{};
      UNROLL for (int k = 0; k < WIDE; ++k) sum.values[k] += part.values[k];
    }
    ((Wide*)(shared.sums + chunk * COLUMNS))[piece] = sum;
  }
  meet_block();
  UNROLL for (int o = 0; o < O; ++o) {
    total[o] = 0;
    if (has) UNROLL for (int c = 0; c < CHUNKS; ++c) total[o] += shared.sums[c * COLUMNS + o * SAMPLES + THREAD];
  }
#endif
}

// The loss of this thread's sample, and the gradients of its outputs, into its line.
DEVICE void loss_of_sample(const Shared& shared, const REAL (&total)[O], const Sample& sample, const REAL* x, int size, uint32 key) {
  REAL *line = shared.samples + THREAD * SAMPLE_LINE, loss = 0, h[O], slope[O];
  const bool has = THREAD < size;
  const REAL share = share_of(size) * sample.weight;
  UNROLL for (int o = 0; o < O; ++o) {
    h[o] = total[o] + shared.bias[o];
    slope[o] = 1;
    Output::behind(h[o], slope[o], key, o);
  }
#if CLASS_LOSS
  REAL highest = h[0], sum = 0, chosen = 0;
  UNROLL for (int o = 0; o < O; ++o) highest = h[o] > highest ? h[o] : highest;
  UNROLL for (int o = 0; o < O; ++o) sum += exp(h[o] - highest);
  UNROLL for (int o = 0; o < O; ++o) {
    chosen = o == (int)sample.y[0] ? h[o] : chosen;
  }
  REAL gain;
  loss = loss_of_row(sum, highest, chosen, gain);
  UNROLL for (int o = 0; o < O; ++o) slope[o] *= share * gradient_of_row(gain, exp(h[o] - highest) / sum, o == (int)sample.y[0]);
#else
  UNROLL for (int o = 0; o < Y_WIDTH; ++o) {
    const REAL spread = PAIRS ? h[O / 2 + o] : (REAL)0;
    loss += loss_of(h[o], spread, sample.y[o]);
    slope[o] *= share * gradient_of_loss(h[o], spread, sample.y[o]);
    if (PAIRS) slope[O / 2 + o] *= share * gradient_of_spread(h[o], spread, sample.y[o]);
  }
#endif
  shared.losses[THREAD] = has ? loss * share : (REAL)0;
  UNROLL for (int d = 0; d < D; ++d) line[d] = has ? x[THREAD * D + d] : (REAL)0;
  UNROLL for (int o = 0; o < O; ++o) line[D + o] = has ? slope[o] : (REAL)0;
  if (IS_RELU) UNROLL for (int d = 0; d < D; ++d) line[D + O + d] = has ? slope[0] * x[THREAD * D + d] : (REAL)0;
}

// The gradients of a thread's units: over every LANES_EACH-th sample, then over the threads that share a unit.
DEVICE void gradients_of_units(const Shared& shared, const Units& units, uint32 key, REAL (&g)[UNITS_EACH][EACH]) {
  UNROLL for (int u = 0; u < UNITS_EACH; ++u) UNROLL for (int k = 0; k < EACH; ++k) g[u][k] = 0;
  UNROLL_BY(unroll 4) for (int turn = 0; turn < (ROWS + LANES_EACH - 1) / LANES_EACH; ++turn) {
    const int i = turn * LANES_EACH + THREAD % LANES_EACH;  // behind the batch's rows, lines are zero
    REAL line[SAMPLE_LINE];
    load_piece<SAMPLE_LINE, SAMPLE_LINE>(line, shared.samples + i * SAMPLE_LINE);
    UNROLL for (int u = 0; u < UNITS_EACH; ++u) {
      const REAL* w = units.w[u];
      REAL h = Hidden::BIAS ? w[D] : (REAL)0;
      UNROLL for (int d = 0; d < D; ++d) h += w[d] * line[d];
#if IS_RELU  // the gradient of the output's weight follows from the two sums
      if (h > 0) {
        UNROLL for (int d = 0; d < D; ++d) g[u][d] += line[D + O + d];
        if (Hidden::BIAS) g[u][D] += line[D];
      }
#else
      REAL slope = 1, back = 0;
      Hidden::behind(h, slope, DROPS ? key_of_row(key, i) : 0, unit_at(u));
      UNROLL for (int o = 0; o < O; ++o) {
        g[u][D + Hidden::BIAS + o] += line[D + o] * h;
        back += line[D + o] * w[D + Hidden::BIAS + o];
      }
      back *= slope;
      UNROLL for (int d = 0; d < D; ++d) g[u][d] += back * line[d];
      if (Hidden::BIAS) g[u][D] += back;
#endif
    }
  }
  UNROLL for (int u = 0; u < UNITS_EACH; ++u) {
    UNROLL for (int k = 0; k < EACH; ++k)
      UNROLL for (int distance = 1; distance < LANES_EACH; distance *= 2) g[u][k] += from_lane(g[u][k], distance);
#if IS_RELU
    REAL of_output = 0;
    UNROLL for (int k = 0; k < D + Hidden::BIAS; ++k) {
      of_output += units.w[u][k] * g[u][k];
      g[u][k] *= units.w[u][D + Hidden::BIAS];
    }
    g[u][D + Hidden::BIAS] = of_output;
#endif
  }
}

DEVICE void publish_units(const Shared& shared, const Units& units) {
  UNROLL for (int u = 0; u < UNITS_EACH; ++u)
    if (THREAD % LANES_EACH == 0 && has_unit(u))
      UNROLL for (int k = 0; k < EACH; ++k) shared.units[unit_in_block(u) * UNIT_LINE + k] = units.w[u][k];
}

// The last warp: the sum of the losses, and the update of the output's biases.
DEVICE void end_of_update(const Call& call, const Shared& shared, Biases& biases, const Rule& rule, int64 made) {
  REAL loss = 0;
  UNROLL for (int s = 0; s < LANE_SAMPLES; ++s) loss += shared.losses[LANE + 32 * s];
  loss = sum_of_warp(loss);
  UNROLL for (int o = 0; o < O; ++o) {
    REAL g = 0;
    UNROLL for (int s = 0; s < LANE_SAMPLES; ++s) g += shared.samples[(LANE + 32 * s) * SAMPLE_LINE + D + o];
    g = sum_of_warp(g);
    if (Output::BIAS && Output::TRAIN_BIAS) optimize(rule, biases.w[o], g, biases.first[o], biases.second[o], biases.third[o]);
  }
  if (LANE == 31) {
    UNROLL for (int o = 0; o < O; ++o) shared.bias[o] = biases.w[o];
    *shared.ends = !(loss - loss == 0) || (double)loss <= call.target ? (REAL)1 : (REAL)0;
    if (BLOCK == 0) call.losses[made] = (double)loss;
  }
}

LAUNCHED_KERNEL updates(const Call call) {
  SHARED_MEMORY;
  const Shared shared = shared_of(shared_bytes);
  Units units;
  Biases biases;
  Sample sample;
  load_units(call, units);
  load_biases(call, biases);
  if (THREAD == THREADS - 1) {
    UNROLL for (int o = 0; o < O; ++o) shared.bias[o] = biases.w[o];
    *shared.ends = 0;
  }
  const bool has = THREAD < SAMPLES;
  Rows rows = rows_of(call, 0), next = rows_after(call, rows, 0), over_next = rows_after(call, next, 1);
  if (has) {
    sample.row = row_for(call, rows, 0);
    load_sample(call, sample);
    keep_sample(sample, shared.x);
    sample.row = row_for(call, next, 1);
  }
  for (int at = THREAD; at < BLOCK_UNITS * UNIT_LINE; at += THREADS) shared.units[at] = 0;  // of no unit it stays so
#if BLOCKS_MEET == CLUSTER
  if (THREAD == 0) { count_bytes_from_now(shared.words); count_bytes_from_now(shared.words + 1); }
  meet_cluster();
#else
  meet_block();
#endif
  Rule rule = rule_of(call, 0);
  REAL x[LANE_SAMPLES][D];
  uint32 keys[LANE_SAMPLES], round = 0;
  int64 made = 0;
  for (; made < call.updates; ++made) {
    const REAL* batch = shared.x + (MOVES ? (made & 1) * SAMPLES * D : 0);
    const int size = MOVES ? rows.size : ROWS;
    Rule ahead = rule;
    go_on(call, ahead, made + 1);
    if (MOVES && has) {
      load_sample(call, sample);
      sample.row = row_for(call, over_next, made + 2);
    }
    publish_units(shared, units);
#if BLOCKS_MEET == CLUSTER
    if (THREAD == 0) expect_bytes(shared.words + (made & 1), BLOCKS * COLUMNS * (int)sizeof(REAL));
#endif
    meet_block();
    if (*shared.ends != 0) break;
    if (MOVES || made == 0)
      UNROLL for (int s = 0; s < LANE_SAMPLES; ++s)
        UNROLL for (int d = 0; d < D; ++d) x[s][d] = batch[(LANE + 32 * s) * D + d];
    UNROLL for (int s = 0; s < LANE_SAMPLES; ++s) keys[s] = DROPS ? key_of_row(rows.key, LANE + 32 * s) : 0;
    if (THREAD < WORKERS) forward_units(shared, x, keys);
    meet_block();
    REAL total[O];
    exchange(call, shared, total, made, round);
    if (has) loss_of_sample(shared, total, sample, batch, size, DROPS ? key_of_row(rows.key, THREAD) : 0);
    meet_block();
    if (THREAD < WORKERS) {
      REAL g[UNITS_EACH][EACH];
      gradients_of_units(shared, units, rows.key, g);
      UNROLL for (int u = 0; u < UNITS_EACH; ++u)
        UNROLL for (int k = 0; k < EACH; ++k)
          if (trained(k)) optimize(rule, units.w[u][k], g[u][k], units.first[u][k], units.second[u][k], units.third[u][k]);
    } else {
      end_of_update(call, shared, biases, rule, made);
    }
    rows = next;
    next = over_next;
    over_next = rows_after(call, over_next, made + 2);
    if (MOVES && has) keep_sample(sample, shared.x + (made + 1 & 1) * SAMPLES * D);
    rule = ahead;
  }
#if BLOCKS_MEET == CLUSTER
  meet_cluster();  // nobody leaves while others may still store here
#endif
  store_units(call, units);
  store_biases(call, biases);
  if (BLOCK == 0 && THREAD == 0) *call.made = made;
}

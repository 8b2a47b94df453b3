// SPREAD: the rows of a batch over the blocks of a cluster, each with all weights in its shared memory.
//
// Block b owns the CHUNK weights from b * CHUNK on: it has what the optimizer keeps of them. Every block stores its
// gradients in the shared memory of their owner, which adds them up in the order of the blocks, updates its weights and
// stores them in every block. Bytes that arrive are counted, so no barrier of all blocks is needed.
#if SPREAD
template <int s> DEVICE int weights_in(int low, int high) {  // of the places [low, high), some of which fill up a line
  if constexpr (s == STAGES) return 0;
  else {
    using S = Stage<s>;
    const int end = S::WEIGHT + (S::LINES + S::BIAS) * S::WIDTH, from = low > S::WEIGHT ? low : (int)S::WEIGHT, to = high < end ? high : end;
    return (to > from ? to - from : 0) + weights_in<s + 1>(low, high);
  }
}

// Where a weight lies in shared memory; -1 where the place has none.
template <int s> DEVICE int near_place_of(int place) {
  if constexpr (s == STAGES) return -1;
  else {
    using S = Stage<s>;
    if constexpr (S::LINES > 0) {
      const int at = place - S::WEIGHT;
      if (at >= 0 && at < (S::LINES + S::BIAS) * S::WIDTH) return near_place_in<s>(at);
    }
    return near_place_of<s + 1>(place);
  }
}

struct Spread {
  static constexpr int OWNED = (CHUNK + THREADS - 1) / THREADS;
  uint64* words;     // mbarriers: of gradients, of weights and losses
  double* losses;    // of each block's rows, twice
  REAL* gradients;   // of this block's weights, from each block
  int of_gradients, near[OWNED];
  Kept kept[OWNED];

  MEMBER void begin(const Memory& memory, unsigned char* bytes) {
    words = (uint64*)(bytes + 16);
    losses = (double*)(bytes + 32);
    gradients = memory.gradients;
    of_gradients = BLOCKS * weights_in<0>(BLOCK * CHUNK, (BLOCK + 1) * CHUNK) * (int)sizeof(REAL);
    UNROLL for (int i = 0; i < OWNED; ++i) {
      const int at = THREAD + i * THREADS;
      near[i] = at < CHUNK ? near_place_of<0>(BLOCK * CHUNK + at) : -1;
      if (near[i] >= 0) kept[i].load(memory, BLOCK * CHUNK + at);
    }
    if (THREAD == 0) { count_bytes_from_now(words); count_bytes_from_now(words + 1); }
    meet_cluster();
  }

  MEMBER void expect(int64 made) {
    if (THREAD != 0) return;
    if (of_gradients) expect_bytes(words, of_gradients);
    expect_bytes(words + 1, weights_in<0>(0, WEIGHTS) * (int)sizeof(REAL) + BLOCKS * (int)sizeof(double));
  }

  MEMBER void send_loss(double loss, int64 made) {
    for (int block = 0; block < BLOCKS; ++block) store_in_block(losses + (made & 1) * BLOCKS + BLOCK, block, loss, words + 1);
  }

  // All threads of the block have read their weights before. Returns the loss of the batch, and has the new weights.
  MEMBER double update(const Batch& batch, const Rule& rule, int64 made) {
    thin_gradients<0>(batch, [&](int, int place, REAL sum, int, int) {
      store_in_block(gradients + BLOCK * CHUNK + place % CHUNK, place / CHUNK, sum, words);
    });
    if (of_gradients) wait_for_bytes(words, (int)made);
    UNROLL for (int i = 0; i < OWNED; ++i) {
      if (near[i] < 0) continue;
      const int at = THREAD + i * THREADS;
      REAL gradient = 0;
      UNROLL for (int block = 0; block < BLOCKS; ++block) gradient += gradients[block * CHUNK + at];
      if (ALL_TRAINED || is_trained<0>(BLOCK * CHUNK + at)) kept[i].step(rule, gradient);
      UNROLL for (int block = 0; block < BLOCKS; ++block) store_in_block(batch.memory.near_weights + near[i], block, kept[i].w, words + 1);
    }
    wait_for_bytes(words + 1, (int)made);
    double loss = 0;
    UNROLL for (int block = 0; block < BLOCKS; ++block) loss += losses[(made & 1) * BLOCKS + block];
    return loss;
  }

  MEMBER void end(const Memory& memory) {
    meet_cluster();  // nobody leaves while others may still store here
    UNROLL for (int i = 0; i < OWNED; ++i)
      if (near[i] >= 0) kept[i].store(memory, BLOCK * CHUNK + THREAD + i * THREADS);
  }
};
#endif

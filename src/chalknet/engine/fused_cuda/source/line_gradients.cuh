// The gradients of weights that belong to no product: factors of norms, slopes, lines of embeddings.
constexpr bool IN_PARTS = SPLITS > 1 || ALTERS;  // whether gradients are written before their weights' update

// What a line adds to the gradient of a weight, by its place among those of its stage.
template <int s, bool NEAR> DEVICE REAL gradient_term(const Batch& batch, int line, int place) {
  using S = Stage<s>;
  if (place >= S::LINES * S::WIDTH) return gradients_of<s, NEAR>(batch, line)[place - S::LINES * S::WIDTH];
  if constexpr (S::KIND == PRELU) {
    if constexpr (S::WIDTH == S::OUT) return gradient_of_slope<s, NEAR>(batch, line, place);
    REAL sum = 0;  // of one slope: what this lane has of the line
    for (int i = LANE; i < S::OUT; i += 32) sum += gradient_of_slope<s, NEAR>(batch, line, i);
    return sum;
  } else if constexpr (S::KIND == EMBED) {
    return gradient_of_category<s, NEAR>(batch, line, place);
  } else if constexpr (S::KIND == LAYER_NORM) {
    return gradient_of_line_factor<s, NEAR>(batch, line, place);
  } else {
    return gradient_of_feature_factor<s, NEAR>(batch, line, place);
  }
}

template <int s> struct Fitted {
  using S = Stage<s>;
  static constexpr int COUNT = (S::LINES + S::BIAS) * S::WIDTH;
  static constexpr bool ONE_SLOPE = S::KIND == PRELU && S::WIDTH != S::OUT;  // whose terms all lanes share
  static MEMBER bool is_trained(int place) { return place < S::LINES * S::WIDTH ? S::TRAIN_WEIGHT : S::TRAIN_BIAS; }
};

// Tiles of 32 weights, the lines in as many parts as those of products, and the update of these weights.
template <int s> DEVICE void run_line_weights(const Batch& batch, const Rule& rule) {
  using S = Stage<s>;
  using F = Fitted<s>;
  const int lines = batch.rows.size * S::POSITIONS, part = (lines + SPLITS - 1) / SPLITS;
  const Memory& memory = batch.memory;
  for (int tile = (BLOCK + BLOCKS - S::TILES_BEFORE % BLOCKS) % BLOCKS; tile < (F::COUNT + 31) / 32 * SPLITS; tile += BLOCKS) {
    const int split = tile % SPLITS, place = tile / SPLITS * 32 + LANE;
    const int low = split * part, high = low + part < lines ? low + part : lines;
    REAL sum = sum_of_column(low, high, F::ONE_SLOPE || place < F::COUNT, [&](int line) {
      return gradient_term<s, false>(batch, line, F::ONE_SLOPE ? 0 : place);
    }, memory.room);
    if (WARP) continue;
    if (F::ONE_SLOPE) sum = sum_of_warp(sum);
    if (place >= F::COUNT || !F::is_trained(place)) continue;
    if (IN_PARTS) {
      memory.work[PARTS_OF_GRADIENTS + (int64)split * WEIGHTS + S::WEIGHT + place] = sum;
    } else {
      Kept kept;
      kept.load(memory, S::WEIGHT + place);
      kept.update(rule, memory, S::WEIGHT + place, sum);
    }
  }
}

// The same over the rows of the block's tile in shared memory, handed to `each` as `thin_gradients` does.
template <int s, class Each> DEVICE void thin_line_gradients(const Batch& batch, const Each& each) {
  using S = Stage<s>;
  using F = Fitted<s>;
  const int left = batch.rows.size - batch.first, rows = left < TILE_ROWS ? left : TILE_ROWS;
  for (int place = THREAD; place < (F::ONE_SLOPE ? 32 : F::COUNT); place += THREADS) {
    if (!SPREAD && !F::ONE_SLOPE && !F::is_trained(place)) continue;
    REAL sum = 0;
    for (int row = 0; row < rows; ++row) sum += gradient_term<s, true>(batch, batch.first + row, F::ONE_SLOPE ? 0 : place);
    if (F::ONE_SLOPE) sum = sum_of_warp(sum);
    if (F::ONE_SLOPE && (LANE || !(SPREAD || S::TRAIN_WEIGHT))) continue;
    each(near_place_in<s>(F::ONE_SLOPE ? 0 : place), S::WEIGHT + (F::ONE_SLOPE ? 0 : place), sum, -1, 0);
  }
}

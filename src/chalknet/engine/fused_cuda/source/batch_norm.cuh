// BatchNorm: each feature comes to mean 0 and variance 1 over the rows of a batch, which one block takes as a whole: 32
// features at a time, a lane each. What it keeps lies in `averages`, lines of a number for each feature: running means
// and variances, which the module keeps too; and the mean of this batch, and what it multiplies by.
//
// FIXED_NORM takes the running means and variances, a value at a time, and leaves them as they are.
enum { RUNNING_MEAN, RUNNING_VARIANCE, BATCH_MEAN, BATCH_SCALE };
template <int s> DEVICE REAL& average_of(const Batch& batch, int which, int i) { return batch.memory.averages[Stage<s>::AVERAGES + which * Stage<s>::OUT + i]; }

template <int s> DEVICE void forward_batch_norm(const Batch& batch, int low, int high, int from, int to) {
  using S = Stage<s>;
  const REAL rows = (REAL)(high - low), fewer = high - low > 1 ? rows - 1 : (REAL)1;
  for (int first = from; first < to; first += 32) {
    const int i = first + LANE;
    const bool has = i < to;
    const REAL mean = sum_of_column(low, high, has, [&](int line) { return into<s>(batch, line)[i]; }, batch.memory.room) / rows;
    const REAL squares = sum_of_column(low, high, has, [&](int line) {
      const REAL z = into<s>(batch, line)[i] - mean;
      return z * z;
    }, batch.memory.room);
    if (!has) continue;
    const REAL scale = (REAL)1 / sqrt(squares / rows + (REAL)S::EPS);
    if (WARP == 0) {
      REAL &running_mean = average_of<s>(batch, RUNNING_MEAN, i), &running_variance = average_of<s>(batch, RUNNING_VARIANCE, i);
      running_mean = (REAL)(1 - S::MOMENTUM) * running_mean + (REAL)S::MOMENTUM * mean;
      running_variance = (REAL)(1 - S::MOMENTUM) * running_variance + (REAL)S::MOMENTUM * (squares / fewer);
      average_of<s>(batch, BATCH_MEAN, i) = mean;
      average_of<s>(batch, BATCH_SCALE, i) = scale;
    }
    each_line(low, high, [&](int line) { hand_on<s>(batch, line, i, scaled<s>(batch, i, (into<s>(batch, line)[i] - mean) * scale)); });
  }
}

template <int s> DEVICE void backward_batch_norm(const Batch& batch, int low, int high, int from, int to) {
  const REAL rows = (REAL)(high - low);
  for (int first = from; first < to; first += 32) {
    const int i = first + LANE;
    const bool has = i < to;
    const REAL mean = has ? average_of<s>(batch, BATCH_MEAN, i) : (REAL)0, scale = has ? average_of<s>(batch, BATCH_SCALE, i) : (REAL)0;
    const REAL total = sum_of_column(low, high, has, [&](int line) { return gradients_of<s>(batch, line)[i]; }, batch.memory.room) / rows;
    const REAL product = sum_of_column(low, high, has, [&](int line) {
      return gradients_of<s>(batch, line)[i] * (into<s>(batch, line)[i] - mean);
    }, batch.memory.room) * scale * scale / rows;
    if (!has) continue;
    const REAL factor = factor_of<s>(batch, i);
    each_line(low, high, [&](int line) {
      hand_before<s>(batch, line, i, scale * (gradients_of<s>(batch, line)[i] - total - (into<s>(batch, line)[i] - mean) * product) * factor);
    });
  }
}

template <int s> DEVICE REAL fixed_deviation(const Batch& batch, int i) { return sqrt(average_of<s>(batch, RUNNING_VARIANCE, i) + (REAL)Stage<s>::EPS); }

template <int s> DEVICE void forward_fixed_norm(const Batch& batch, int low, int high) {
  each_value<Stage<s>::OUT>(low, high, [&](int line, int i) {
    hand_on<s>(batch, line, i, scaled<s>(batch, i, (into<s>(batch, line)[i] - average_of<s>(batch, RUNNING_MEAN, i)) / fixed_deviation<s>(batch, i)));
  });
}

template <int s> DEVICE void backward_fixed_norm(const Batch& batch, int low, int high) {
  each_value<Stage<s>::OUT>(low, high, [&](int line, int i) {
    hand_before<s>(batch, line, i, gradients_of<s>(batch, line)[i] * factor_of<s>(batch, i) / fixed_deviation<s>(batch, i));
  });
}

template <int s, bool NEAR> DEVICE REAL gradient_of_feature_factor(const Batch& batch, int line, int i) {
  const REAL g = gradients_of<s, NEAR>(batch, line)[i], z = into<s, NEAR>(batch, line)[i];
  if constexpr (Stage<s>::KIND == FIXED_NORM) return g * ((z - average_of<s>(batch, RUNNING_MEAN, i)) / fixed_deviation<s>(batch, i));
  else return g * ((z - average_of<s>(batch, BATCH_MEAN, i)) * average_of<s>(batch, BATCH_SCALE, i));
}

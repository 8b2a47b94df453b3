// PReLU: a number above 0 stays, others are multiplied by a slope that is fitted: one for all, or one for each feature.
template <int s> DEVICE REAL slope_of(const Batch& batch, int i, REAL z) {
  return z > 0 ? (REAL)1 : fitted<s>(batch, Stage<s>::WIDTH > 1 ? i : 0);
}

template <int s> DEVICE void forward_prelu(const Batch& batch, int low, int high) {
  each_value<Stage<s>::OUT>(low, high, [&](int line, int i) {
    const REAL z = into<s>(batch, line)[i];
    hand_on<s>(batch, line, i, slope_of<s>(batch, i, z) * z);
  });
}

template <int s> DEVICE void backward_prelu(const Batch& batch, int low, int high) {
  each_value<Stage<s>::OUT>(low, high, [&](int line, int i) {
    hand_before<s>(batch, line, i, slope_of<s>(batch, i, into<s>(batch, line)[i]) * gradients_of<s>(batch, line)[i]);
  });
}

// What a value adds to the gradient of its slope.
template <int s, bool NEAR> DEVICE REAL gradient_of_slope(const Batch& batch, int line, int i) {
  const REAL z = into<s, NEAR>(batch, line)[i];
  return z > 0 ? (REAL)0 : z * gradients_of<s, NEAR>(batch, line)[i];
}

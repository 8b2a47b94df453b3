// LayerNorm: each line comes to mean 0 and variance 1; a warp for each. It keeps the mean, and what it multiplies by.
template <int s> DEVICE void forward_layer_norm(const Batch& batch, int low, int high) {
  using S = Stage<s>;
  each_line(low, high, [&](int line) {
    const REAL* z = into<s>(batch, line);
    REAL total = 0, squares = 0;
    for (int i = LANE; i < S::OUT; i += 32) total += z[i];
    const REAL mean = sum_of_warp(total) / S::OUT;
    for (int i = LANE; i < S::OUT; i += 32) squares += (z[i] - mean) * (z[i] - mean);
    const REAL scale = (REAL)1 / sqrt(sum_of_warp(squares) / S::OUT + (REAL)S::EPS);
    for (int i = LANE; i < S::OUT; i += 32) hand_on<s>(batch, line, i, scaled<s>(batch, i, (z[i] - mean) * scale));
    if (LANE == 0) keep<s>(batch, line, 0, mean), keep<s>(batch, line, 1, scale);
  });
}

template <int s> DEVICE void backward_layer_norm(const Batch& batch, int low, int high) {
  using S = Stage<s>;
  each_line(low, high, [&](int line) {
    const REAL *z = into<s>(batch, line), *g = gradients_of<s>(batch, line), mean = kept_of<s>(batch, line)[0], scale = kept_of<s>(batch, line)[1];
    REAL total = 0, product = 0;
    for (int i = LANE; i < S::OUT; i += 32) {
      const REAL gradient = g[i] * factor_of<s>(batch, i);
      total += gradient;
      product += gradient * (z[i] - mean);
    }
    total = sum_of_warp(total) / S::OUT;
    product = sum_of_warp(product) * scale * scale / S::OUT;
    for (int i = LANE; i < S::OUT; i += 32)
      hand_before<s>(batch, line, i, scale * (g[i] * factor_of<s>(batch, i) - total - (z[i] - mean) * product));
  });
}

template <int s, bool NEAR> DEVICE REAL gradient_of_line_factor(const Batch& batch, int line, int i) {
  const REAL* kept = kept_of<s, NEAR>(batch, line);
  return gradients_of<s, NEAR>(batch, line)[i] * ((into<s, NEAR>(batch, line)[i] - kept[0]) * kept[1]);
}

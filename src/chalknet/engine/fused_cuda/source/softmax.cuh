// Softmax and its logarithm: a warp for each line.
template <int s> DEVICE void forward_softmax(const Batch& batch, int low, int high) {
  using S = Stage<s>;
  each_line(low, high, [&](int line) {
    const REAL* z = into<s>(batch, line);
    REAL highest = z[0], total = 0;
    for (int i = LANE; i < S::OUT; i += 32) highest = z[i] > highest ? z[i] : highest;
    highest = largest_of_warp(highest);
    for (int i = LANE; i < S::OUT; i += 32) total += exp(z[i] - highest);
    total = sum_of_warp(total);
    for (int i = LANE; i < S::OUT; i += 32)
      hand_on<s>(batch, line, i, S::KIND == SOFTMAX ? exp(z[i] - highest) / total : z[i] - highest - log(total));
  });
}

template <int s> DEVICE void backward_softmax(const Batch& batch, int low, int high) {
  using S = Stage<s>;
  each_line(low, high, [&](int line) {
    const REAL *g = gradients_of<s>(batch, line), *h = kept_of<s>(batch, line);
    REAL total = 0;
    for (int i = LANE; i < S::OUT; i += 32) total += S::KIND == SOFTMAX ? g[i] * h[i] : g[i];
    total = sum_of_warp(total);
    for (int i = LANE; i < S::OUT; i += 32)
      hand_before<s>(batch, line, i, S::KIND == SOFTMAX ? h[i] * (g[i] - total) : g[i] - exp(h[i]) * total);
  });
}

// The passes through a stage, whichever way its rows lie.
// The forward pass of a stage for lines [low, high) and outputs [from, to).
template <int s> DEVICE void forward(const Batch& batch, int low, int high, int from, int to) {
  using S = Stage<s>;
  if constexpr (S::KIND == LINEAR && Near<s>::is) {
    thin_forward<s>(batch, high);
  } else if constexpr (S::KIND == LINEAR) {
    using T = typename S::Forward;
    Into<s, true> a{batch, high};
    Weights<s, true> b{batch};
    for (int m = low; m < high; m += T::M)
      for (int n = from; n < to; n += T::N)
        product<T, S::IN>(m, n, 0, S::IN, a, b, [&](int, int line, int output, REAL sum) {
          if (line >= high || output >= to) return;
          if (S::BIAS) sum += batch.memory.weights[S::WEIGHT + S::IN * S::OUT + output];
          hand_on<s>(batch, line, output, sum);
        }, batch.memory.room);
  } else if constexpr (S::KIND == POINT || S::KIND == SKIP) {
    forward_point<s>(batch, low, high);
  } else if constexpr (S::KIND == PRELU) {
    forward_prelu<s>(batch, low, high);
  } else if constexpr (S::KIND == LAYER_NORM) {
    forward_layer_norm<s>(batch, low, high);
  } else if constexpr (S::KIND == BATCH_NORM) {
    forward_batch_norm<s>(batch, low, high, from, to);
  } else if constexpr (S::KIND == FIXED_NORM) {
    forward_fixed_norm<s>(batch, low, high);
  } else if constexpr (S::KIND == EMBED) {
    forward_embed<s>(batch, low, high);
  } else if constexpr (S::KIND == ADD) {
    forward_add<s>(batch, low, high);
  } else {
    forward_softmax<s>(batch, low, high);
  }
  meet_block();
}

// The way back through a stage for lines [low, high) and inputs [from, to): its gradients become those of the one before.
template <int s> DEVICE void backward(const Batch& batch, int low, int high, int from, int to) {
  using S = Stage<s>;
  if constexpr (S::KIND == LINEAR && Near<s>::is) {
    thin_backward<s>(batch, high);
  } else if constexpr (S::KIND == LINEAR) {
    using T = typename S::Backward;
    Gradients<s, true> a{batch, high};
    Weights<s, false> b{batch};
    for (int m = low; m < high; m += T::M)
      for (int n = from; n < to; n += T::N)
        product<T, S::OUT>(m, n, 0, S::OUT, a, b, [&](int, int line, int input, REAL sum) {
          if (line < high && input < to) hand_before<s>(batch, line, input, sum);
        }, batch.memory.room);
  } else if constexpr (S::KIND == PRELU) {
    backward_prelu<s>(batch, low, high);
  } else if constexpr (S::KIND == LAYER_NORM) {
    backward_layer_norm<s>(batch, low, high);
  } else if constexpr (S::KIND == BATCH_NORM) {
    backward_batch_norm<s>(batch, low, high, from, to);
  } else if constexpr (S::KIND == FIXED_NORM) {
    backward_fixed_norm<s>(batch, low, high);
  } else if constexpr (S::KIND == EMBED) {
    backward_embed<s>(batch, low, high);
  } else if constexpr (S::KIND == SKIP) {
    backward_skip<s>(batch, low, high);
  } else if constexpr (S::KIND == ADD) {
    backward_add<s>(batch, low, high);
  } else {
    backward_softmax<s>(batch, low, high);
  }
  meet_block();
}

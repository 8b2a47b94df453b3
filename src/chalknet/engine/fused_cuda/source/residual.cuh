// Residual blocks: what went into SKIP, the beginning, is added by ADD, the end. Both share nothing but that: a gradient that
// arrives at the end goes both ways, and the beginning adds them up.
template <int s> DEVICE void forward_add(const Batch& batch, int low, int high) {
  each_value<Stage<s>::OUT>(low, high, [&](int line, int i) {
    hand_on<s>(batch, line, i, into<s>(batch, line)[i] + into<Stage<s>::OTHER>(batch, line)[i]);
  });
}

template <int s> DEVICE void backward_add(const Batch& batch, int low, int high) {
  each_value<Stage<s>::OUT>(low, high, [&](int line, int i) { hand_before<s>(batch, line, i, gradients_of<s>(batch, line)[i]); });
}

template <int s> DEVICE void backward_skip(const Batch& batch, int low, int high) {
  each_value<Stage<s>::OUT>(low, high, [&](int line, int i) {
    hand_before<s>(batch, line, i, gradients_of<s>(batch, line)[i] + gradients_of<Stage<s>::OTHER, Near<s>::is>(batch, line)[i]);
  });
}

// Embeddings: the first number of a row is a category; behind the others comes the line of weights of that category.
template <int s, bool NEAR> DEVICE int category_of(const Batch& batch, int line) {
  const REAL number = into<s, NEAR>(batch, line)[0];
  return number >= 0 && number < Stage<s>::LINES ? (int)number : 0;  // one that is out of range is never read
}

template <int s> DEVICE void forward_embed(const Batch& batch, int low, int high) {
  using S = Stage<s>;
  each_value<S::OUT>(low, high, [&](int line, int i) {
    const int at = i - (S::IN - 1);
    hand_on<s>(batch, line, i, at < 0 ? into<s>(batch, line)[i + 1] : fitted<s>(batch, category_of<s, true>(batch, line) * S::WIDTH + at));
  });
}

template <int s> DEVICE void backward_embed(const Batch& batch, int low, int high) {
  each_value<Stage<s>::IN>(low, high, [&](int line, int i) { hand_before<s>(batch, line, i, i ? gradients_of<s>(batch, line)[i - 1] : (REAL)0); });
}

template <int s, bool NEAR> DEVICE REAL gradient_of_category(const Batch& batch, int line, int place) {
  using S = Stage<s>;
  return category_of<s, NEAR>(batch, line) == place / S::WIDTH ? gradients_of<s, NEAR>(batch, line)[S::IN - 1 + place % S::WIDTH] : (REAL)0;
}

// What LayerNorm and BatchNorm share: factors and shifts that are fitted, where they are.
template <int s> DEVICE REAL factor_of(const Batch& batch, int i) {
  if constexpr (Stage<s>::LINES > 0) return fitted<s>(batch, i);
  else return 1;
}
template <int s> DEVICE REAL scaled(const Batch& batch, int i, REAL value) {
  if constexpr (Stage<s>::LINES > 0) value *= fitted<s>(batch, i);
  if constexpr (Stage<s>::BIAS > 0) value += fitted<s>(batch, Stage<s>::WIDTH + i);
  return value;
}

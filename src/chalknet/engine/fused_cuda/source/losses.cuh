// The losses. Those of one value are written by source.py from the table of losses; these are of class numbers.
#define ROW_LOSS_none 0
#define ROW_LOSS_cross_entropy 1
#define ROW_LOSS_nll 2
#define ROW_LOSS_focal_cross_entropy 3
#if CLASS_LOSS && ROW_LOSS < 1
#error this loss of class numbers has no branch here
#endif

// What a loss is divided by.
DEVICE REAL share_of(int rows) {
  if (!MEAN) return (REAL)1;
  return rows == ROWS ? (REAL)(1.0 / ((double)ROWS * Y_WIDTH)) : (REAL)(1.0 / ((double)rows * Y_WIDTH));
}

#if CLASS_LOSS
// The loss of a row: `chosen` is the value of its class, `sum` that of all exp(value - highest). `gain` is what the
// gradient of cross-entropy is multiplied by.
DEVICE REAL loss_of_row(REAL sum, REAL highest, REAL chosen, REAL& gain) {
  gain = 1;
#if ROW_LOSS == ROW_LOSS_nll
  return -chosen;
#elif ROW_LOSS == ROW_LOSS_focal_cross_entropy
  const REAL logarithm = chosen - highest - log(sum), missed = bigger(-expm1(logarithm), (REAL)1e-30);
  const REAL before = pow(missed, GAMMA - 1);
  gain = before * (missed - GAMMA * exp(logarithm) * logarithm);
  return -logarithm * before * missed;
#else
  return log(sum) + highest - chosen;
#endif
}

// Its gradient in a value: `p` is exp(value - highest) / sum, `is` whether it is the value of the row's class.
DEVICE REAL gradient_of_row(REAL gain, REAL p, bool is) {
  const REAL there = is ? (REAL)1 : (REAL)0;
  return ROW_LOSS == ROW_LOSS_nll ? -there : gain * (p - there);
}
#endif

// The functions that formulas of activations and losses call, and random bits for Dropout.
#if __CUDA_ARCH__ >= 800
DEVICE float bigger(float a, float b) {
  float found;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(found) : "f"(a), "f"(b));
  return found;
}
#else
DEVICE float bigger(float a, float b) { return a < b ? b : a; }  // a where a is no number
#endif
DEVICE double bigger(double a, double b) { return a < b ? b : a; }
DEVICE REAL smaller(REAL a, REAL b) { return b < a ? b : a; }

// The root and the quotient of an optimizer. QUICK_ROOTS: of float, where eps is so large that a root of no normal
// number adds nothing to it: an estimate and one step of Newton's, exact but for the last bit, without a branch.
#if QUICK_ROOTS
DEVICE REAL root_of(REAL value) {
  const REAL estimate = inverse_root_estimate(value), root = value * estimate;
  const REAL better = fma(fma(-root, root, value), (REAL)0.5 * estimate, root);
  return estimate > (REAL)1e20 ? (REAL)0 : estimate == 0 ? value : better;
}
DEVICE REAL quotient_of(REAL above, REAL below) {
  const REAL estimate = inverse_estimate(below), quotient = above * estimate, rest = fma(-quotient, below, above);
  return rest - rest == 0 ? fma(rest, estimate, quotient) : quotient;
}
#else
DEVICE REAL root_of(REAL value) { return sqrt(value); }
DEVICE REAL quotient_of(REAL above, REAL below) { return above / below; }
#endif

// 32 well mixed bits of a 32-bit number. Source: C. Wellons, Hash function prospector (2018), lowbias32.
DEVICE uint32 mixed(uint32 number) {
  number ^= number >> 16;
  number *= 0x7FEB352Du;
  number ^= number >> 15;
  number *= 0x846CA68Bu;
  return number ^ (number >> 16);
}

// The number of an update from which its rows have theirs: G. Steele and others, Splittable generators (2014).
DEVICE uint32 key_of_update(uint64 seed, uint64 update) {
  uint64 z = seed + update * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return (uint32)(z ^ (z >> 31));
}
DEVICE uint32 key_of_row(uint32 key, int row) { return mixed(key + (uint32)row * 0x85EBCA6Bu); }

// Dropout of the value at a place of its row, in a step of the network: what it is multiplied by.
DEVICE REAL kept(uint32 key, int step, int place, uint64 threshold, REAL scale) {
  uint32 of_step = mixed(key + (uint32)step);
  return (uint64)mixed((uint32)place * 0x9E3779B9u + of_step) >= threshold ? scale : (REAL)0;
}

// Loads a piece of a line, by wide loads where it lies so.
constexpr int WIDE = 16 / sizeof(REAL);
struct alignas(16) Wide {
  REAL values[WIDE];
};
template <bool FROM_SHARED> DEVICE void copy_wide_from(REAL* to, const REAL* from) {
  if (FROM_SHARED) *(Wide*)to = *(const Wide*)from; else copy_wide_later(to, from);
}
template <int PIECE, int LINE> DEVICE void load_piece(REAL (&to)[PIECE], const REAL* from) {
  if (PIECE % WIDE == 0 && LINE % WIDE == 0) {
    UNROLL for (int at = 0; at < PIECE / WIDE; ++at) {
      Wide wide = ((const Wide*)from)[at];
      UNROLL for (int i = 0; i < WIDE; ++i) to[at * WIDE + i] = wide.values[i];
    }
  } else {
    UNROLL for (int at = 0; at < PIECE; ++at) to[at] = from[at];
  }
}

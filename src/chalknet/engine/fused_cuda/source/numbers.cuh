// The functions that formulas of activations and losses call, and random bits for Dropout.
DEVICE REAL bigger(REAL a, REAL b) { return a < b ? b : a; }   // a where a is no number
DEVICE REAL smaller(REAL a, REAL b) { return b < a ? b : a; }

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

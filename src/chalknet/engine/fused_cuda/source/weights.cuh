// Weights one by one: what is kept of them, and which of them are trained.
// A weight and what is kept of it, in registers.
struct Kept {
  REAL w, first, second, third;
  MEMBER void step(const Rule& rule, REAL gradient) { optimize(rule, w, gradient, first, second, third); }
  MEMBER void store(const Memory& memory, int place) const {
    memory.weights[place] = w;
    if (USES_FIRST) memory.first[place] = first;
    if (USES_SECOND) memory.second[place] = second;
    if (USES_THIRD) memory.third[place] = third;
  }
  MEMBER void load(const Memory& memory, int place) {
    w = memory.weights[place];
    if (USES_FIRST) first = memory.first[place];
    if (USES_SECOND) second = memory.second[place];
    if (USES_THIRD) third = memory.third[place];
  }
  MEMBER void update(const Rule& rule, const Memory& memory, int place, REAL gradient) {
    step(rule, gradient);
    store(memory, place);
  }
};

// What lies at a place of the vector of weights; some places fill up a line. Penalties are taken of matrices.
constexpr int NOT_TRAINED = 0, TRAINED = 1, PENALISED = 2;
template <int s> DEVICE int role_of(int place) {
  if constexpr (s == STAGES) return NOT_TRAINED;
  else if constexpr (Stage<s>::LINES > 0) {
    using S = Stage<s>;
    const int at = place - S::WEIGHT;
    if (at < 0 || at >= (S::LINES + S::BIAS) * S::WIDTH) return role_of<s + 1>(place);
    if (at >= S::LINES * S::WIDTH) return S::TRAIN_BIAS ? TRAINED : NOT_TRAINED;
    return !S::TRAIN_WEIGHT ? NOT_TRAINED : S::IS_MATRIX ? PENALISED : TRAINED;
  } else return role_of<s + 1>(place);
}
template <int s> DEVICE bool is_trained(int place) { return role_of<s>(place) != NOT_TRAINED; }

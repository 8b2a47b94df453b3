// A product of matrices by one block: C[m, n] = sum over k of A(m, k) B(k, n), handed to `each(i, m, n, sum)`,
// a thread's i-th.
//
// A and B are copied to shared memory, a stretch of k at a time, k by k; then groups of threads take every
// GROUPS-th k, each thread a piece of PIECE_M x PIECE_N sums in registers, and the groups' sums are added up in
// a fixed order. An operand tells how it lies: `along_k` where neighbours in k are neighbours in memory.
constexpr int PAD = 4;  // numbers behind a line, so that its copies spread over the banks of shared memory

template <int M_, int N_, int PIECE_M_, int PIECE_N_, int K> struct Tile {  // K: the most that is summed over
  static constexpr int M = M_, N = N_, PIECE_M = PIECE_M_, PIECE_N = PIECE_N_;
  static constexpr int ACROSS = N / PIECE_N, GROUP = (M / PIECE_M) * ACROSS;
  static constexpr int GROUPS = THREADS / GROUP < (K + 3) / 4 ? THREADS / GROUP : (K + 3) / 4;  // each has a few k
  static constexpr int LINE_A = M + (M % 4 ? 1 : PAD), LINE_B = N + (N % 4 ? 1 : PAD);
  static constexpr int MOST = (ROOM - 8) / (LINE_A + LINE_B);
  static constexpr int SHORT = M * N < 2048 ? STRETCH * 2048 / (M * N) : STRETCH;  // k whose sums outlast a copy
  static constexpr int WHOLE = MOST < SHORT ? MOST : SHORT;              // k in one stretch
  static constexpr int HALF = MOST / 2 < SHORT ? MOST / 2 : SHORT;       // k in each of several stretches
  static constexpr int OTHER_HALF = (HALF * (LINE_A + LINE_B) + 7) / 4 * 4;
  static constexpr int EACH = (M * N + THREADS - 1) / THREADS;  // sums that a thread hands on
  static_assert(M % PIECE_M == 0 && N % PIECE_N == 0 && GROUP <= THREADS, "a tile has a thread for each piece");
  static_assert(GROUPS * M * N <= ROOM && HALF > 0, "the sums of all groups fit into the room");
};

// Copies lines [0, lines) x k [0, depth) of an operand; what is outside it writes as zero.
template <int LINES, int LINE, class Operand>
DEVICE void copy_operand(REAL* to, const Operand& from, int line0, int k0, int depth) {
  if (Operand::along_k) {
    for (int line = WARP; line < LINES; line += WARPS)
      for (int k = LANE; k < depth; k += 32) from.copy(to + k * LINE + line, line0 + line, k0 + k);
  } else if (LINES % 32 == 0) {
    for (int k = WARP; k < depth; k += WARPS)
      for (int line = LANE; line < LINES; line += 32) from.copy(to + k * LINE + line, line0 + line, k0 + k);
  } else {
    for (int at = THREAD; at < LINES * depth; at += THREADS)
      from.copy(to + at / LINES * LINE + at % LINES, line0 + at % LINES, k0 + at / LINES);
  }
}

template <class T, class A, class B, class Each>
DEVICE void product(int m0, int n0, int k_low, int k_high, const A& a, const B& b, const Each& each, REAL* room) {
  REAL sums[T::PIECE_M][T::PIECE_N];
  UNROLL for (int p = 0; p < T::PIECE_M; ++p) UNROLL for (int q = 0; q < T::PIECE_N; ++q) sums[p][q] = 0;
  const int group = THREAD / T::GROUP, member = THREAD % T::GROUP;
  const int m = member / T::ACROSS * T::PIECE_M, n = member % T::ACROSS * T::PIECE_N;
  // a long k is cut into stretches: one is copied while another one is summed, in two halves of the room
  const int parts = k_high - k_low <= T::WHOLE ? 1 : (k_high - k_low + T::HALF - 1) / T::HALF;
  const int depth = (k_high - k_low + parts - 1) / parts;
  const int b_at = (depth * T::LINE_A + 3) / 4 * 4;
  const auto copy = [&](int k0, REAL* lines) {
    const int some = k_high - k0 < depth ? k_high - k0 : depth;
    copy_operand<T::M, T::LINE_A>(lines, a, m0, k0, some);
    copy_operand<T::N, T::LINE_B>(lines + b_at, b, n0, k0, some);
    end_group_of_copies();
  };
  meet_block();
  if (k_low < k_high) copy(k_low, room);
  for (int k0 = k_low, turn = 0; k0 < k_high; k0 += depth, turn ^= 1) {
    const int some = k_high - k0 < depth ? k_high - k0 : depth;
    REAL *lines_a = room + turn * T::OTHER_HALF, *lines_b = lines_a + b_at;
    if (k0 + depth < k_high) {
      copy(k0 + depth, room + (turn ^ 1) * T::OTHER_HALF);
      wait_for_earlier_copies();
    } else {
      wait_for_copies();
    }
    meet_block();
    if (group < T::GROUPS) {
      UNROLL_BY(unroll 2) for (int k = group; k < some; k += T::GROUPS) {
        REAL from_a[T::PIECE_M], from_b[T::PIECE_N];
        load_piece<T::PIECE_M, T::LINE_A>(from_a, lines_a + k * T::LINE_A + m);
        load_piece<T::PIECE_N, T::LINE_B>(from_b, lines_b + k * T::LINE_B + n);
        UNROLL for (int p = 0; p < T::PIECE_M; ++p)
          UNROLL for (int q = 0; q < T::PIECE_N; ++q) sums[p][q] += from_a[p] * from_b[q];
      }
    }
    meet_block();
  }
  if (group < T::GROUPS)
    UNROLL for (int p = 0; p < T::PIECE_M; ++p)
      UNROLL for (int q = 0; q < T::PIECE_N; ++q) room[group * T::M * T::N + (m + p) * T::N + n + q] = sums[p][q];
  meet_block();
  UNROLL for (int i = 0; i < T::EACH; ++i) {
    const int at = THREAD + i * THREADS;
    if (at >= T::M * T::N) break;
    REAL sum = 0;
    UNROLL_BY(unroll 8) for (int g = 0; g < T::GROUPS; ++g) sum += room[g * T::M * T::N + at];
    each(i, m0 + at / T::N, n0 + at % T::N, sum);
  }
}

// A product of matrices by one block: C[m, n] = sum over k of A(m, k) B(k, n), handed to `each(i, m, n, sum)`,
// a thread's i-th.
//
// A and B are copied to shared memory, a stretch of k at a time: as lines k by k, or, of an A whose neighbours in k are
// neighbours in memory, line by line (BY_LINES), so that both can be copied by sixteen bytes. Then groups of threads take
// every so many-th k, each thread a piece of PIECE_M x PIECE_N sums in registers, and the groups' sums are added up in a
// fixed order. An operand tells how it lies: `along_k` where neighbours in k are neighbours in memory.
constexpr int PAD = 4;  // numbers behind a line, so that its copies spread over the banks of shared memory

template <int M_, int N_, int PIECE_M_, int PIECE_N_, int K> struct Tile {  // K: the most that is summed over
  static constexpr int M = M_, N = N_, PIECE_M = PIECE_M_, PIECE_N = PIECE_N_;
  static constexpr int ACROSS = N / PIECE_N, DOWN = M / PIECE_M, GROUP = DOWN * ACROSS;
  static constexpr int GROUPS = THREADS / GROUP < (K + 3) / 4 ? THREADS / GROUP : (K + 3) / 4;  // each has a few k
  static constexpr int LINE_A = M + (M % 4 ? 1 : PAD), LINE_B = N + (N % 4 ? 1 : PAD);
  static constexpr int SHORT = M * N < 2048 ? STRETCH * 2048 / (M * N) : STRETCH;  // k whose sums outlast a copy
  static constexpr int EACH = (M * N + THREADS - 1) / THREADS;  // sums that a thread hands on
  static_assert(M % PIECE_M == 0 && N % PIECE_N == 0 && GROUP <= THREADS, "a tile has a thread for each piece");
  static_assert(GROUPS * M * N <= ROOM, "the sums of all groups fit into the room");
};

// How the stretches of a product lie in the room.
template <class T, int K, bool ALONG_K> struct Stretches {
  static constexpr MEMBER int most_lines(int room) { return (room - PAD * T::M - 8) / (T::M + T::LINE_B) / 32 * 32; }
  static constexpr int K32 = (K + 31) / 32 * 32;
  static constexpr bool BY_LINES = ALONG_K && T::PIECE_M >= 4 && (most_lines(ROOM) >= K32 || most_lines(ROOM / 2) >= 32);
  static constexpr MEMBER int most(int room) { return BY_LINES ? most_lines(room) : (room - 8) / (T::LINE_A + T::LINE_B); }
  static constexpr int FEW = BY_LINES ? (T::SHORT + 31) / 32 * 32 : T::SHORT;
  static constexpr int WHOLE = most(ROOM) < FEW ? most(ROOM) : FEW;         // k in one stretch
  static constexpr int HALF = most(ROOM / 2) < FEW ? most(ROOM / 2) : FEW;  // k in each of several stretches
  static constexpr int OTHER_HALF = ROOM / 2 / 4 * 4;
  static_assert(HALF > 0 || WHOLE >= K, "a stretch fits into the room");
  // k in each of so many stretches, and the numbers from one line of A to the next: at other banks
  static MEMBER int depth_of(int k, int parts) {
    const int depth = (k + parts - 1) / parts;
    return BY_LINES ? (depth + 31) / 32 * 32 : depth;
  }
  static MEMBER int line_a(int depth) { return BY_LINES ? depth + PAD : T::LINE_A; }
  static MEMBER int b_at(int depth) { return (BY_LINES ? T::M * (depth + PAD) : depth * T::LINE_A + 3) / 4 * 4; }
};

// Copies lines [0, LINES) x k [0, depth) of an operand; what is outside it writes as zero. BY_LINES: line by line.
template <int LINES, bool BY_LINES, class Operand>
DEVICE void copy_operand(REAL* to, const Operand& from, int line0, int k0, int depth, int stride) {
  if constexpr (BY_LINES) {
    for (int line = WARP; line < LINES; line += WARPS)
      for (int k = LANE * WIDE; k < depth; k += 32 * WIDE) {
        if (Operand::wide && from.copy_wide(to + line * stride + k, line0 + line, k0 + k)) continue;
        UNROLL for (int n = 0; n < WIDE; ++n) from.copy(to + line * stride + k + n, line0 + line, k0 + k + n);
      }
  } else if constexpr (!Operand::along_k && LINES % 4 == 0 && Operand::wide) {
    for (int at = THREAD; at < LINES / WIDE * depth; at += THREADS) {
      const int k = at / (LINES / WIDE), line = at % (LINES / WIDE) * WIDE;
      if (from.copy_wide(to + k * stride + line, line0 + line, k0 + k)) continue;
      UNROLL for (int n = 0; n < WIDE; ++n) from.copy(to + k * stride + line + n, line0 + line + n, k0 + k);
    }
  } else if (Operand::along_k) {
    for (int line = WARP; line < LINES; line += WARPS)
      for (int k = LANE; k < depth; k += 32) from.copy(to + k * stride + line, line0 + line, k0 + k);
  } else {
    for (int at = THREAD; at < LINES * depth; at += THREADS)
      from.copy(to + at / LINES * stride + at % LINES, line0 + at % LINES, k0 + at / LINES);
  }
}

template <class T, int K, class A, class B, class Each>
DEVICE void product(int m0, int n0, int k_low, int k_high, const A& a, const B& b, const Each& each, REAL* room) {
  using L = Stretches<T, K, A::along_k>;
  REAL sums[T::PIECE_M][T::PIECE_N];
  UNROLL for (int p = 0; p < T::PIECE_M; ++p) UNROLL for (int q = 0; q < T::PIECE_N; ++q) sums[p][q] = 0;
  const int group = THREAD / T::GROUP, member = THREAD % T::GROUP;
  const int m = member / T::ACROSS * (L::BY_LINES ? 1 : T::PIECE_M), n = member % T::ACROSS * T::PIECE_N;
  constexpr int STEP = L::BY_LINES ? T::DOWN : 1;  // from one line of a piece to the next
  // a long k is cut into stretches: one is copied while another one is summed, in two halves of the room
  const int parts = k_high - k_low <= L::WHOLE || L::HALF <= 0 ? 1 : (k_high - k_low + L::HALF - 1) / (L::HALF > 0 ? L::HALF : 1);
  const int depth = L::depth_of(k_high - k_low, parts), line_a = L::line_a(depth), b_at = L::b_at(depth);
  const auto copy = [&](int k0, REAL* lines) {
    const int some = k_high - k0 < depth ? k_high - k0 : depth, all = L::BY_LINES ? (some + 3) / 4 * 4 : some;
    copy_operand<T::M, L::BY_LINES>(lines, a, m0, k0, all, line_a);
    copy_operand<T::N, false>(lines + b_at, b, n0, k0, all, T::LINE_B);
    end_group_of_copies();
  };
  meet_block();
  if (k_low < k_high) copy(k_low, room);
  for (int k0 = k_low, turn = 0; k0 < k_high; k0 += depth, turn ^= 1) {
    const int some = k_high - k0 < depth ? k_high - k0 : depth;
    REAL *lines_a = room + turn * L::OTHER_HALF, *lines_b = lines_a + b_at;
    if (k0 + depth < k_high) {
      copy(k0 + depth, room + (turn ^ 1) * L::OTHER_HALF);
      wait_for_earlier_copies();
    } else {
      wait_for_copies();
    }
    meet_block();
    if (group < T::GROUPS && L::BY_LINES) {
      for (int k = 4 * group; k < some; k += 4 * T::GROUPS) {
        REAL from_b[4][T::PIECE_N];
        UNROLL for (int i = 0; i < 4; ++i) load_piece<T::PIECE_N, T::LINE_B>(from_b[i], lines_b + (k + i) * T::LINE_B + n);
        UNROLL for (int p = 0; p < T::PIECE_M; ++p) {
          REAL from_a[4];
          load_piece<4, 4>(from_a, lines_a + (m + p * STEP) * line_a + k);
          UNROLL for (int i = 0; i < 4; ++i)
            UNROLL for (int q = 0; q < T::PIECE_N; ++q) sums[p][q] += from_a[i] * from_b[i][q];
        }
      }
    } else if (group < T::GROUPS) {
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
      UNROLL for (int q = 0; q < T::PIECE_N; ++q) room[group * T::M * T::N + (m + p * STEP) * T::N + n + q] = sums[p][q];
  meet_block();
  UNROLL for (int i = 0; i < T::EACH; ++i) {
    const int at = THREAD + i * THREADS;
    if (at >= T::M * T::N) break;
    REAL sum = 0;
    UNROLL_BY(unroll 8) for (int g = 0; g < T::GROUPS; ++g) sum += room[g * T::M * T::N + at];
    each(i, m0 + at / T::N, n0 + at % T::N, sum);
  }
}

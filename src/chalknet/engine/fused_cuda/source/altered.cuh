// What is done to the gradients before the optimizer takes them (ALTERS): penalties of the weights are added, and the
// norm of all gradients is measured, by which they are clipped. Clipping by value is a part of `optimize`.
//
// Each thread adds up the gradients of the weights that it updates; sums over threads and blocks have a fixed order.
struct Altered {
  REAL factor;     // what every gradient is multiplied by
  double penalty;  // what the penalties add to the loss
};

DEVICE REAL sum_of_parts(const Memory& memory, int place) {
  REAL gradient = 0;
  UNROLL for (int split = 0; split < SPLITS; ++split) gradient += memory.work[PARTS_OF_GRADIENTS + (int64)split * WEIGHTS + place];
  return gradient;
}

// The sum over the threads of a block, in every one of them.
DEVICE double sum_of_block(double value, double* of_warps) {
  value = sum_of_warp(value);
  if (LANE == 0) of_warps[WARP] = value;
  meet_block();
  double sum = 0;
  UNROLL for (int warp = 0; warp < WARPS; ++warp) sum += of_warps[warp];
  meet_block();
  return sum;
}

// The sum over the blocks of what each has written, in every thread; they have met since.
DEVICE double sum_of_blocks(const double* sums) {
  double value = 0;
  for (int block = LANE; block < BLOCKS; block += 32) value += sums[2 * block];
  return sum_of_warp(value);
}

DEVICE Altered alter(const Batch& batch, double* of_warps, uint32& round) {
  Altered altered = {1, 0};
  if (!ALTERS) return altered;
  const Call& call = batch.call;
  const Memory& memory = batch.memory;
  const REAL l1 = (REAL)call.l1, twice_l2 = (REAL)(2 * call.l2);
  double squares = 0;
  for (int place = BLOCK * THREADS + THREAD; place < WEIGHTS; place += BLOCKS * THREADS) {
    const int role = role_of<0>(place);
    if (role == NOT_TRAINED) continue;
    REAL gradient = sum_of_parts(memory, place);
    if (PENALISES && role == PENALISED) {
      const REAL w = memory.weights[place];
      gradient += twice_l2 * w + l1 * sign_of(w);
      altered.penalty += call.l1 * fabs((double)w) + call.l2 * (double)w * (double)w;
    }
    memory.work[PARTS_OF_GRADIENTS + place] = gradient;
    squares += (double)gradient * (double)gradient;
  }
  squares = sum_of_block(squares, of_warps);
  altered.penalty = sum_of_block(altered.penalty, of_warps);
  if (BLOCKS > 1) {
    if (THREAD == 0) call.sums[2 * BLOCK] = squares, call.sums[2 * BLOCK + 1] = altered.penalty;
    meet_all(call.counter, round);
    squares = sum_of_blocks(call.sums);
    altered.penalty = sum_of_blocks(call.sums + 1);
  }
  const double factor = call.clip_norm / (sqrt(squares) + 1e-6);
  if (CLIPS_NORM && !(factor >= 1)) altered.factor = (REAL)factor;
  return altered;
}

// What a stage is.
#define LINEAR 0
#define SOFTMAX 1
#define LOG_SOFTMAX 2
#define POINT 3
#define PRELU 4
#define LAYER_NORM 5
#define BATCH_NORM 6
#define FIXED_NORM 7  // a BatchNorm in evaluation mode
#define EMBED 8
#define SKIP 9  // the beginning of a residual block, and its end
#define ADD 10

// What a launch is called with, and the rows of an update.
// Every field is eight bytes wide; call.py has them in the same order.
struct Call {
  const REAL* x;        // all samples, a row each
  const TARGET* y;      // all targets, a row each; class numbers for losses of classes
  const REAL* sample_weights;  // WEIGHS: what each sample weighs
  const int* order;     // rows of the epochs ahead
  REAL* weights;        // of each stage, lines of weights: a Linear as (inputs, outputs), its bias behind it
  REAL *first, *second, *third;  // what the optimizer keeps, as the weights lie
  REAL* averages;       // what BatchNorms keep of the batches: see batch_norm.cuh
  REAL* work;           // memory for what lies between two steps
  double* parts;        // the loss of each tile of rows
  double* sums;         // ALTERS: of each block, the squares of its gradients and the penalties of its weights
  double* losses;       // is filled
  uint32* counter;      // of the grid's barriers: 0 at first
  int64* made;          // is set to the updates made
  const REAL* rates;    // four numbers an update, and of one more: see optimizers.py
  int64 ahead, updates, done;  // number of the first batch in the order; updates to make; updates made before
  int64 samples, batch, per_epoch, epoch_samples;
  int64 seed;
  double decay, momentum, dampening, beta1, beta2, eps;
  double target;        // a loss of at most this ends the launch
  double clip_norm, clip_value, l1, l2;
};

// The rows of an update: `size` of them from `start` on in the order, and from `first` on in their epoch.
struct Rows {
  int64 start, first;
  int size;
  uint32 key;
};

DEVICE Rows rows_of(const Call& call, int64 made) {
  Rows rows;
  uint32 number = (uint32)(call.ahead + made), epoch = number / (uint32)call.per_epoch;
  rows.first = (int64)(number - epoch * (uint32)call.per_epoch) * call.batch;
  int64 left = call.epoch_samples - rows.first;
  rows.start = rows.first + (ORDERED ? epoch * call.samples : 0);
  rows.size = (int)(left < call.batch ? left : call.batch);
  rows.key = DROPS ? key_of_update((uint64)call.seed, (uint64)(call.done + made + 1)) : 0;
  return rows;
}

// The rows of the update behind those of update `made`, without a division.
DEVICE Rows rows_after(const Call& call, Rows rows, int64 made) {
  rows.first += call.batch;
  rows.start += call.batch;
  if (rows.first >= call.epoch_samples) {
    rows.start += (ORDERED ? call.samples : 0) - rows.first;
    rows.first = 0;
  }
  const int64 left = call.epoch_samples - rows.first;
  rows.size = (int)(left < call.batch ? left : call.batch);
  rows.key = DROPS ? key_of_update((uint64)call.seed, (uint64)(call.done + made + 2)) : 0;
  return rows;
}

DEVICE int64 sample_at(const Call& call, int64 place) { return ORDERED ? (int64)call.order[place] : place; }

// What the sample at a place of the order weighs.
DEVICE REAL weight_of(const Call& call, int64 place) { return WEIGHS ? call.sample_weights[sample_at(call, place)] : (REAL)1; }

// What a stage is.
#define LINEAR 0
#define SOFTMAX 1
#define LOG_SOFTMAX 2
#define POINT 3

// What a launch is called with, the rows of an update, and the optimizers.
// Every field is eight bytes wide; session.py writes them in the same order.
struct Call {
  const REAL* x;        // all samples, a row each
  const TARGET* y;      // all targets, a row each; class numbers for cross_entropy
  const int* order;     // rows of the epochs ahead
  REAL* weights;        // a Linear as (inputs, outputs), its bias behind it
  REAL *first, *second, *third;  // what the optimizer keeps, as the weights lie
  REAL* work;           // memory for what lies between two steps
  double* parts;        // the loss of each tile of rows
  double* losses;       // is filled
  uint32* counter;      // of the grid's barriers: 0 at first
  int64* made;          // is set to the updates made
  const REAL* rates;    // two numbers an update: step size, and what a root is multiplied by
  int64 ahead, updates, done;  // number of the first batch in the order; updates to make; updates made before
  int64 samples, batch, per_epoch, epoch_samples;
  int64 seed;
  double decay, momentum, dampening, beta1, beta2, eps, shrink;
  double target;        // a loss of at most this ends the launch
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

#define OPTIMIZER_sgd 0
#define OPTIMIZER_adam 1
#define OPTIMIZER_adamw 2
#define OPTIMIZER_rmsprop 3

// The numbers of an update, in the type of the weights.
struct Rule {
  REAL size, root, decay, momentum, fresh, later, keep, change, change2, eps, shrink;
};

DEVICE Rule rule_of(const Call& call, int64 made) {
  Rule rule;
  rule.size = call.rates[2 * made];
  rule.root = call.rates[2 * made + 1];
  rule.decay = (REAL)call.decay;
  rule.momentum = (REAL)call.momentum;
  rule.later = (REAL)(1.0 - call.dampening);
  rule.fresh = call.done + made == 0 ? (REAL)1 : rule.later;
  rule.keep = (REAL)call.beta2;
  rule.change = (REAL)(1.0 - call.beta1);
  rule.change2 = (REAL)(1.0 - call.beta2);
  rule.eps = (REAL)call.eps;
  rule.shrink = (REAL)call.shrink;
  if (!HOLDS_RULE) return rule;
  hold(rule.decay), hold(rule.momentum), hold(rule.later), hold(rule.keep), hold(rule.change), hold(rule.change2);
  hold(rule.eps), hold(rule.shrink);
  return rule;
}

// The numbers of the update `made`, of a launch's later one.
DEVICE void go_on(const Call& call, Rule& rule, int64 made) {
  rule.size = call.rates[2 * made];
  rule.root = call.rates[2 * made + 1];
  rule.fresh = rule.later;
}

// One update of a weight by its gradient: torch's own loops, operation by operation.
DEVICE void optimize(const Rule& rule, REAL& w, REAL g, REAL& first, REAL& second, REAL& third) {
#if OPTIMIZER == OPTIMIZER_sgd
  g += rule.decay * w;
#if USES_FIRST
  first = rule.momentum * first + rule.fresh * g;
  g = NESTEROV ? g + rule.momentum * first : first;
#endif
  w -= rule.size * g;
#elif OPTIMIZER == OPTIMIZER_rmsprop
  g += rule.decay * w;
  second = rule.keep * second + rule.change2 * g * g;
  REAL spread = second;
#if USES_FIRST
  first += rule.change2 * (g - first);
  spread -= first * first;
#endif
  REAL move = quotient_of(g, root_of(spread) + rule.eps);
#if USES_THIRD
  third = rule.momentum * third + move;
  move = third;
#endif
  w -= rule.size * move;
#else
#if OPTIMIZER == OPTIMIZER_adamw
  w *= rule.shrink;
#else
  g += rule.decay * w;
#endif
  first += rule.change * (g - first);
  second = rule.keep * second + rule.change2 * g * g;
  w -= quotient_of(rule.size * first, root_of(second) * rule.root + rule.eps);
#endif
}

// The same for a weight in memory; what is kept of it lies at another place.
DEVICE void optimize_at(const Rule& rule, REAL* weights, REAL* first, REAL* second, REAL* third, int weight, int place, REAL g) {
  REAL w = weights[weight], none = 0;
  REAL a = USES_FIRST ? first[place] : none, b = USES_SECOND ? second[place] : none, c = USES_THIRD ? third[place] : none;
  optimize(rule, w, g, a, b, c);
  weights[weight] = w;
  if (USES_FIRST) first[place] = a;
  if (USES_SECOND) second[place] = b;
  if (USES_THIRD) third[place] = c;
}

// What a loss is divided by.
DEVICE REAL share_of(int rows) {
  if (!MEAN) return (REAL)1;
  return rows == ROWS ? (REAL)(1.0 / ((double)ROWS * LOSS_WIDTH)) : (REAL)(1.0 / ((double)rows * LOSS_WIDTH));
}

// The optimizers: a branch each, under the names of the table; the numbers of an update come from optimizers.py.
#define OPTIMIZER_sgd 1
#define OPTIMIZER_adam 2
#define OPTIMIZER_adamw 3
#define OPTIMIZER_rmsprop 4
#define OPTIMIZER_adagrad 5
#define OPTIMIZER_nadam 6
#define OPTIMIZER_lion 7
#if OPTIMIZER < 1
#error this optimizer has no branch here
#endif

// The numbers of an update, in the type of the weights: those of `rates`, then those of every update.
struct Rule {
  REAL size, root, kept, move, decay, momentum, fresh, later, keep, change, change2, eps, most;
};

// The numbers of the update `made`.
DEVICE void read_rates(const Call& call, Rule& rule, int64 made) {
  rule.size = call.rates[4 * made];
  rule.root = call.rates[4 * made + 1];
  rule.kept = call.rates[4 * made + 2];
  rule.move = call.rates[4 * made + 3];
}

DEVICE Rule rule_of(const Call& call, int64 made) {
  Rule rule;
  read_rates(call, rule, made);
  rule.decay = (REAL)call.decay;
  rule.momentum = (REAL)call.momentum;
  rule.later = (REAL)(1.0 - call.dampening);
  rule.fresh = call.done + made == 0 ? (REAL)1 : rule.later;
  rule.keep = (REAL)call.beta2;
  rule.change = (REAL)(1.0 - call.beta1);
  rule.change2 = (REAL)(1.0 - call.beta2);
  rule.eps = (REAL)call.eps;
  rule.most = (REAL)call.clip_value;
  if (!HOLDS_RULE) return rule;
  hold(rule.decay), hold(rule.momentum), hold(rule.later), hold(rule.keep), hold(rule.change), hold(rule.change2);
  hold(rule.eps);
  return rule;
}

// From one update of a launch to a later one.
DEVICE void go_on(const Call& call, Rule& rule, int64 made) {
  read_rates(call, rule, made);
  rule.fresh = rule.later;
}

DEVICE REAL sign_of(REAL value) { return value > 0 ? (REAL)1 : value < 0 ? (REAL)-1 : value; }  // no number stays none

// One update of a weight by its gradient: torch's own loops, operation by operation.
DEVICE void optimize(const Rule& rule, REAL& w, REAL g, REAL& first, REAL& second, REAL& third) {
#if CLIPS_VALUE
  g = g > rule.most ? rule.most : g < -rule.most ? -rule.most : g;
#endif
#if OPTIMIZER == OPTIMIZER_lion
  w = rule.kept * w - rule.size * sign_of(first + rule.change * (g - first));
  first += rule.change2 * (g - first);
#elif OPTIMIZER == OPTIMIZER_sgd
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
#elif OPTIMIZER == OPTIMIZER_adagrad
  g += rule.decay * w;
  second += g * g;
  w -= quotient_of(rule.size * g, root_of(second) + rule.eps);
#else
  g += rule.decay * w;
  first += rule.change * (g - first);
  second = rule.keep * second + rule.change2 * g * g;
  const REAL below = root_of(second) * rule.root + rule.eps;
#if OPTIMIZER == OPTIMIZER_adam
  w -= quotient_of(rule.size * first, below);
#elif OPTIMIZER == OPTIMIZER_adamw
  w = rule.kept * w - quotient_of(rule.size * first, below);
#else
  w = rule.kept * w - quotient_of(rule.size * g + rule.move * first, below);
#endif
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

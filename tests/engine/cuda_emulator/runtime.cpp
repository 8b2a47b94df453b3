// What runs the threads of a launch: each is a fiber, and all fibers take turns in one thread of the machine.
// A fiber gives way where it waits. With a seed the turns come in another order: results that change tell a race.
#include <setjmp.h>
#include <ucontext.h>
#include <algorithm>
#include <random>
#include <vector>
#define BLOCKS 0
#define THREADS 0
#include "emulator.h"

struct Fiber { Place place; ucontext_t context; jmp_buf here; bool begun, done; };
static std::vector<Fiber> FIBERS;
static std::vector<char*> STACKS;
static Fiber* RUNNING;
static jmp_buf SCHEDULER;
static void (*BODY)(const void*);
static const void* CALL;
const Place* CURRENT;
EmulatedBlock* EMULATED_BLOCKS;
Barrier EVERYBODY;
long PROGRESS, SHARED_BYTES;
const char* FAILED;
static const int STACK_BYTES = 128 << 10, GUARD = 64;

// Jumps, since swapcontext asks the operating system twice for the signal mask.
void give_way() { if (!_setjmp(RUNNING->here)) _longjmp(SCHEDULER, 1); }
static void let_run(Fiber* fiber) {
  RUNNING = fiber;
  CURRENT = &fiber->place;
  if (_setjmp(SCHEDULER)) return;
  if (fiber->begun) _longjmp(fiber->here, 1);
  fiber->begun = true;
  setcontext(&fiber->context);
}
void wait_at(Barrier& barrier, long threads) {
  const long generation = barrier.generation;
  ++PROGRESS;
  if (++barrier.arrived == threads) { barrier.arrived = 0; ++barrier.generation; return; }
  while (*(volatile long*)&barrier.generation == generation) give_way();
}
static void run_fiber() { BODY(CALL); RUNNING->done = true; ++PROGRESS; give_way(); }

const char* emulate(int blocks, int threads, long shared, unsigned seed, void (*body)(const void*), const void* call) {
  BODY = body; CALL = call; SHARED_BYTES = shared; FAILED = nullptr; EVERYBODY = Barrier();
  std::vector<EmulatedBlock> all(blocks, EmulatedBlock());
  EMULATED_BLOCKS = all.data();
  for (auto& block : all) {
    block.shared = (unsigned char*)aligned_alloc(64, (shared + 2 * GUARD) / 64 * 64 + 64);
    memset(block.shared, 0xff, shared);  // numbers that are none
    memset(block.shared + shared, 0x5a, GUARD);
  }
  FIBERS.assign(blocks * threads, Fiber());
  while ((int)STACKS.size() < blocks * threads) STACKS.push_back((char*)malloc(STACK_BYTES));
  std::vector<int> turns(FIBERS.size());
  for (size_t i = 0; i < FIBERS.size(); ++i) {
    Fiber& fiber = FIBERS[i];
    fiber.place = Place{(int)i % threads, (int)i / threads}; turns[i] = i;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = STACKS[i]; fiber.context.uc_stack.ss_size = STACK_BYTES; fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, run_fiber, 0);
  }
  std::mt19937 random(seed);
  for (size_t left = FIBERS.size(); left && !FAILED;) {
    if (seed) std::shuffle(turns.begin(), turns.end(), random);
    const long before = PROGRESS;
    left = 0;
    for (int turn : turns) {
      if (FIBERS[turn].done) continue;
      let_run(&FIBERS[turn]);
      left += !FIBERS[turn].done;
    }
    if (left && PROGRESS == before) FAILED = "all threads wait: a barrier that not everyone reaches";
  }
  for (auto& block : all) {
    for (int i = 0; i < GUARD; ++i) if (block.shared[shared + i] != 0x5a) FAILED = "a write behind the shared memory";
    free(block.shared);
  }
  return FAILED;
}

// CUDA on the CPU: every thread of a launch is a fiber, and all fibers take turns in one thread of the machine.
// A fiber gives way where it waits. With a seed the turns come in another order: results that change tell a race.
#pragma once
#define EMULATED
#include "standard.h"
typedef unsigned int uint32;
typedef unsigned long long uint64;
typedef long long int64;
using std::exp; using std::fma; using std::expm1; using std::log; using std::log1p; using std::tanh; using std::erf; using std::sqrt; using std::fabs;

struct Fiber { ucontext_t context; jmp_buf here; int thread, block; bool begun, done; };
struct Barrier { long arrived = 0, generation = 0; };
struct EmulatedBlock { unsigned char* shared; Barrier barrier, warps[32]; double lanes[32][32]; };
static std::vector<Fiber> FIBERS;
static std::vector<EmulatedBlock> EMULATED_BLOCKS;
static std::vector<char*> STACKS;
static Fiber* CURRENT;
static jmp_buf SCHEDULER;
static std::function<void()> BODY;
static Barrier EVERYBODY;
static long PROGRESS, SHARED_BYTES;
static const char* FAILED;
static const int STACK_BYTES = 128 << 10, GUARD = 64;

// Jumps, since swapcontext asks the operating system twice for the signal mask.
static void give_way() { if (!_setjmp(CURRENT->here)) _longjmp(SCHEDULER, 1); }
static void let_run(Fiber* fiber) {
  CURRENT = fiber;
  if (_setjmp(SCHEDULER)) return;
  if (fiber->begun) _longjmp(fiber->here, 1);
  fiber->begun = true;
  setcontext(&fiber->context);
}
static void wait_at(Barrier& barrier, long fibers) {
  const long generation = barrier.generation;
  ++PROGRESS;
  if (++barrier.arrived == fibers) { barrier.arrived = 0; ++barrier.generation; return; }
  while (barrier.generation == generation) give_way();
}
#define MEMBER inline
#define DEVICE static inline
#define KERNEL static void
#define SHARED_MEMORY unsigned char* shared_bytes = EMULATED_BLOCKS[CURRENT->block].shared
#define THREAD (CURRENT->thread)
#define BLOCK (CURRENT->block)
#define UNROLL
#define UNROLL_BY(times)
#define __restrict__
template <class T> static void hold(T&) {}
static void meet_block() { wait_at(EMULATED_BLOCKS[CURRENT->block].barrier, THREADS); }
static void meet_cluster() { wait_at(EVERYBODY, (long)THREADS * BLOCKS); }
static void meet_grid(uint32*, uint32) { wait_at(EVERYBODY, (long)THREADS * BLOCKS); }
template <class T> static T from_lane(T value, int distance) {
  EmulatedBlock& block = EMULATED_BLOCKS[CURRENT->block];
  const int warp = CURRENT->thread / 32, lane = CURRENT->thread % 32;
  block.lanes[warp][lane] = (double)value;
  wait_at(block.warps[warp], 32);
  const T found = (T)block.lanes[warp][lane ^ distance];
  wait_at(block.warps[warp], 32);
  return found;
}
template <class T> static void copy_later(T* to, const T* from) { *to = *from; }
static void copy_wide_later(void* to, const void* from) {
  if ((uintptr_t)to % 16 || (uintptr_t)from % 16) FAILED = "a wide copy at a place that is no multiple of sixteen";
  memcpy(to, from, 16);
}
static float inverse_root_estimate(float value) { return 1 / std::sqrt(value) * 1.0000001f; }
static float inverse_estimate(float value) { return 1 / value * 0.9999999f; }
static void wait_for_copies() {}
static void end_group_of_copies() {}
static void wait_for_earlier_copies() {}

// An mbarrier: bytes that are still expected, the arrival, and the round that it is in.
struct Counted { int bytes; short arrived, round; };
static_assert(sizeof(Counted) == 8, "an mbarrier has eight bytes");
static void end_round(Counted* word) { if (word->arrived && word->bytes == 0) { word->arrived = 0; ++word->round; ++PROGRESS; } }
static void count_bytes_from_now(uint64* word) { *(Counted*)word = Counted{0, 0, 0}; }
static void expect_bytes(uint64* word, int bytes) {
  Counted* counted = (Counted*)word;
  if (counted->arrived) FAILED = "a second arrival in one round of an mbarrier";
  counted->bytes += bytes; counted->arrived = 1; ++PROGRESS; end_round(counted);
}
static void wait_for_bytes(uint64* word, int round) { while ((((Counted*)word)->round & 1) == (round & 1)) give_way(); }
template <class T> static T* in_block(T* place, int block) {
  const long at = (unsigned char*)place - EMULATED_BLOCKS[CURRENT->block].shared;
  if (at < 0 || at + (long)sizeof(T) > SHARED_BYTES || block < 0 || block >= BLOCKS) { FAILED = "a store outside another block's shared memory"; return place; }
  return (T*)(EMULATED_BLOCKS[block].shared + at);
}
template <class T> static void store_in_block(T* place, int block, T value, uint64* word) {
  *in_block(place, block) = value;
  Counted* counted = (Counted*)in_block(word, block);
  counted->bytes -= sizeof(T); ++PROGRESS; end_round(counted);
}

static void run_fiber() { BODY(); CURRENT->done = true; ++PROGRESS; give_way(); }

// Runs the body in every thread of a launch; returns what went wrong, or nullptr.
static const char* emulate(int blocks, int threads, long shared, unsigned seed, std::function<void()> body) {
  BODY = body; SHARED_BYTES = shared; FAILED = nullptr; EVERYBODY = Barrier();
  EMULATED_BLOCKS.assign(blocks, EmulatedBlock());
  for (auto& block : EMULATED_BLOCKS) {
    block.shared = (unsigned char*)aligned_alloc(64, (shared + 2 * GUARD) / 64 * 64 + 64);
    memset(block.shared, 0xff, shared);  // numbers that are none
    memset(block.shared + shared, 0x5a, GUARD);
  }
  FIBERS.assign(blocks * threads, Fiber());
  while ((int)STACKS.size() < blocks * threads) STACKS.push_back((char*)malloc(STACK_BYTES));
  std::vector<int> turns(FIBERS.size());
  for (size_t i = 0; i < FIBERS.size(); ++i) {
    Fiber& fiber = FIBERS[i];
    fiber.thread = i % threads; fiber.block = i / threads; turns[i] = i;
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
  for (auto& block : EMULATED_BLOCKS) {
    for (int i = 0; i < GUARD; ++i) if (block.shared[shared + i] != 0x5a) FAILED = "a write behind the shared memory";
    free(block.shared);
  }
  return FAILED;
}

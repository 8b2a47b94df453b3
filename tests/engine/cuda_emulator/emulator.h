// CUDA on the CPU, as the kernels see it: what runs the threads is runtime.cpp.
#pragma once
#define EMULATED
#include "standard.h"
typedef unsigned int uint32;
typedef unsigned long long uint64;
typedef long long int64;
using std::exp; using std::fma; using std::expm1; using std::log; using std::log1p; using std::tanh; using std::erf; using std::sqrt; using std::fabs;

struct Place { int thread, block; };  // of the thread whose turn it is
struct Barrier { long arrived, generation; };
struct EmulatedBlock { unsigned char* shared; Barrier barrier, warps[32]; double lanes[32][32]; };
extern const Place* CURRENT;
extern EmulatedBlock* EMULATED_BLOCKS;
extern Barrier EVERYBODY;
extern long PROGRESS, SHARED_BYTES;
extern const char* FAILED;
void give_way();
void wait_at(Barrier& barrier, long threads);
// Runs the body in every thread of a launch; returns what went wrong, or nullptr.
const char* emulate(int blocks, int threads, long shared, unsigned seed, void (*body)(const void*), const void* call);

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

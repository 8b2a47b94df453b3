// What the hardware gives: threads, barriers, shuffles, copies. The emulator of the tests has the same words.
#ifndef EMULATED
typedef unsigned int uint32;
typedef unsigned long long uint64;
typedef long long int64;

#define MEMBER __device__ __forceinline__
#define DEVICE static MEMBER
#define KERNEL extern "C" __global__ void __launch_bounds__(THREADS, 1)
#define SHARED_MEMORY extern __shared__ __align__(16) unsigned char shared_bytes[]
#define THREAD ((int)threadIdx.x)
#define BLOCK ((int)blockIdx.x)
#define UNROLL _Pragma("unroll")
#define UNROLL_BY(times) _Pragma(#times)

DEVICE void meet_block() { __syncthreads(); }

// Keeps a number in a register: the compiler cannot compute it anew where it is used.
DEVICE void hold(float& value) { asm volatile("" : "+f"(value)); }
DEVICE void hold(double& value) { asm volatile("" : "+d"(value)); }

template <class T> DEVICE T from_lane(T value, int distance) { return __shfl_xor_sync(0xffffffffu, value, distance); }

// Estimates to about 23 bits, of normal numbers.
DEVICE float inverse_root_estimate(float value) {
  float found;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(found) : "f"(value));
  return found;
}
DEVICE float inverse_estimate(float value) {
  float found;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(found) : "f"(value));
  return found;
}

// Copies one number from global to shared memory without waiting; `wait_for_copies` waits for all of a thread's.
DEVICE void copy_later(float* to, const float* from) {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"((uint32)__cvta_generic_to_shared(to)), "l"(from) : "memory");
#else
  *to = *from;
#endif
}
DEVICE void copy_later(double* to, const double* from) {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.ca.shared.global [%0], [%1], 8;" ::"r"((uint32)__cvta_generic_to_shared(to)), "l"(from) : "memory");
#else
  *to = *from;
#endif
}
// The same for sixteen bytes, which lie at places that are multiples of sixteen.
DEVICE void copy_wide_later(void* to, const void* from) {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"((uint32)__cvta_generic_to_shared(to)), "l"(from) : "memory");
#else
  *(uint4*)to = *(const uint4*)from;
#endif
}
DEVICE void copy_later(int64* to, const int64* from) { copy_later((double*)to, (const double*)from); }
DEVICE void wait_for_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}
// Copies up to here are a group; the other one waits for all groups but the last.
DEVICE void end_group_of_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
DEVICE void wait_for_earlier_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group 1;" ::: "memory");
#endif
}

// A barrier of all blocks of a cooperative launch. `counter` counts arrivals and is never reset inside a launch.
DEVICE void meet_grid(uint32* counter, uint32 target) {
  __syncthreads();
  if (threadIdx.x == 0) {  // what the block wrote is released with the arrival; what is read later is acquired
    asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(counter) : "memory");
    uint32 arrived;
    do asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(arrived) : "l"(counter) : "memory");
    while (arrived < target);
  }
  __syncthreads();
}

// Clusters: sm_90 and newer. What is stored in another block's shared memory is counted, in bytes, by a word of
// that block (an mbarrier), for which the block waits: no barrier of all blocks is needed.
#if __CUDA_ARCH__ >= 900
DEVICE void meet_cluster() {
  asm volatile("barrier.cluster.arrive.release;\nbarrier.cluster.wait.acquire;" ::: "memory");
}
DEVICE uint32 shared_address(const void* place) { return (uint32)__cvta_generic_to_shared(place); }
DEVICE void count_bytes_from_now(uint64* word) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;\nfence.mbarrier_init.release.cluster;" ::"r"(shared_address(word)) : "memory");
}
DEVICE void expect_bytes(uint64* word, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(word)), "r"(bytes) : "memory");
}
DEVICE void wait_for_bytes(uint64* word, int round) {
  asm volatile(
      "{.reg .pred done;\nAGAIN_%=: mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 done, [%0], %1;\n"
      "@!done bra AGAIN_%=;}" ::"r"(shared_address(word)), "r"(round & 1) : "memory");
}
DEVICE void store_in_block(float* place, int block, float value, uint64* word) {
  asm volatile(
      "{.reg .b32 there, counted;\nmapa.shared::cluster.u32 there, %0, %2;\nmapa.shared::cluster.u32 counted, %1, %2;\n"
      "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.b32 [there], %3, [counted];}" ::"r"(shared_address(place)),
      "r"(shared_address(word)), "r"(block), "r"(__float_as_uint(value)) : "memory");
}
DEVICE void store_in_block(double* place, int block, double value, uint64* word) {
  asm volatile(
      "{.reg .b32 there, counted;\nmapa.shared::cluster.u32 there, %0, %2;\nmapa.shared::cluster.u32 counted, %1, %2;\n"
      "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.b64 [there], %3, [counted];}" ::"r"(shared_address(place)),
      "r"(shared_address(word)), "r"(block), "l"(__double_as_longlong(value)) : "memory");
}
#endif
#endif

// How the blocks of a launch meet.
#define ONE_BLOCK 0
#define CLUSTER 1
#define GRID 2
constexpr int WARPS = THREADS / 32;
#define WARP (THREAD / 32)
#define LANE (THREAD % 32)

#if BLOCKS_MEET == CLUSTER && !defined(EMULATED)
#define LAUNCHED_KERNEL extern "C" __global__ void __cluster_dims__(BLOCKS, 1, 1) __launch_bounds__(THREADS, 1)
#else
#define LAUNCHED_KERNEL KERNEL
#endif

// A barrier of all blocks; `round` counts the barriers of a launch.
DEVICE void meet_all(uint32* counter, uint32& round) {
#if BLOCKS_MEET == ONE_BLOCK
  meet_block();
#elif BLOCKS_MEET == CLUSTER
  meet_cluster();
#else
  meet_grid(counter, ++round * BLOCKS);
#endif
}

// The sum over the lanes of a warp, in a fixed order, in every lane.
template <class T> DEVICE T sum_of_warp(T value) {
  UNROLL for (int distance = 16; distance; distance /= 2) value += from_lane(value, distance);
  return value;
}
template <class T> DEVICE T largest_of_warp(T value) {
  UNROLL for (int distance = 16; distance; distance /= 2) {
    T other = from_lane(value, distance);
    value = other > value ? other : value;
  }
  return value;
}

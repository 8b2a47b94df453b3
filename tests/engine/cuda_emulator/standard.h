// What the emulator includes of the standard library; it is compiled once for all kernels.
#ifndef STANDARD_H
#define STANDARD_H
#include <setjmp.h>
#include <ucontext.h>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <vector>
#endif

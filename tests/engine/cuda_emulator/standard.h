// What the kernels need of the standard library; it is compiled once for all of them.
#ifndef STANDARD_H
#define STANDARD_H
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#endif

// What every native file needs: types, aligned memory of its own, arguments from JavaScript.
#ifndef PLAIN_H
#define PLAIN_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512BW__) && defined(__AVX512DQ__)
#include <immintrin.h>
#define WIDE 1
#else
#define WIDE 0
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define PREFETCH(address) __builtin_prefetch((address), 0, 3)
#define NOTHING 0xffffffffu

/** A typed array (data, length in elements) or a number. */
typedef struct {
  void *data;
  size_t length;
  double number;
} Argument;

/** Returns a number for JavaScript. */
typedef double (*Kernel)(const Argument *arguments);

typedef struct {
  const char *name;
  int arguments;
  Kernel run;
} Export;

/** Memory in whole cache lines, one line longer than asked for, zeroed; replaces what `old` pointed to. */
static inline void *renew(void *old, size_t bytes) {
  free(old);
  bytes = (bytes + 127) & ~(size_t)63;
  void *memory = aligned_alloc(64, bytes);
  if (memory == NULL) abort();
  return memset(memory, 0, bytes);
}

ALWAYS_INLINE u32 least(u32 a, u32 b) { return a < b ? a : b; }
ALWAYS_INLINE u32 greatest(u32 a, u32 b) { return a > b ? a : b; }
ALWAYS_INLINE u32 bitsOf(u32 x) { return x == 0 ? 0 : 32 - (u32)__builtin_clz(x); }

#endif

// The floor: how fast lines come from memory when nothing but their number matters.

#include "plain.h"

static u64 *lines;
static size_t lineCount;

/** (bytes) */
static double loadFloor(const Argument *arguments) {
  lineCount = (size_t)arguments[0].number / 64 + 1;
  lines = renew(lines, lineCount * 64);
  for (size_t line = 0; line < lineCount; line++) lines[line * 8] = line;
  return 0;
}

/** (numbers u32, how many): reads a line of memory for each, all independent. */
static double gatherLines(const Argument *arguments) {
  const u32 *restrict numbers = arguments[0].data;
  const size_t count = (size_t)arguments[1].number;
  u64 sum = 0;
  for (size_t row = 0; row < count; row++) {
    // A multiplication spreads any 32 bits over the lines.
    sum += lines[((u64)numbers[row] * lineCount >> 32) * 8];
  }
  return (double)(sum & 1);
}

const Export floorExports[] = {
    {"loadFloor", 1, loadFloor},
    {"gatherLines", 2, gatherLines},
    {NULL, 0, NULL},
};

// Where the lines lie that attention reads after what it works on. Fetching them early changes no result.
#ifndef VT_ATTENTION_AHEAD_H
#define VT_ATTENTION_AHEAD_H

#include <stdint.h>

// Columns of 16 halves, row after row; neighbouring columns `apart` elements from each other.
typedef struct ahead {
  const void *base;
  int64_t apart;
} ahead;

#endif

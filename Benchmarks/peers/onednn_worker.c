// oneDNN's dnnl_sgemm as a worker (the protocol is in README.md): gemm.
// usage: onednn_worker

#include <omp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <oneapi/dnnl/dnnl.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Requests are flat objects of numbers and booleans.
static long number(const char *line, const char *key, long fallback) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\"", key);
  const char *at = strstr(line, quoted);
  if (!at) return fallback;
  at += strlen(quoted);
  while (*at == ' ' || *at == ':') ++at;
  return *at == 't' ? 1 : *at == 'f' ? 0 : strtol(at, NULL, 10);
}

static float *filled(size_t count) {
  float *p = aligned_alloc(64, (count * sizeof *p + 63) / 64 * 64);
  for (size_t i = 0; p && i < count; ++i) p[i] = (float)(i * 2654435761u % 2001) / 1000.0f - 1.0f;
  return p;
}

static bool multiply(char transposed, long m, long n, long k, const float *a, const float *b, float *c) {
  return dnnl_sgemm('N', transposed, m, n, k, 1.0f, a, k, b, transposed == 'T' ? k : n, 0.0f, c, n) == dnnl_success;
}

int main(void) {
  const dnnl_version_t *v = dnnl_version();
  printf("{\"ready\":\"onednn\",\"version\":\"%d.%d.%d\"}\n", v->major, v->minor, v->patch);
  fflush(stdout);
  char line[4096];
  long last[4] = {0, 0, 0, 0};
  float *a = NULL, *b = NULL, *c = NULL;
  while (fgets(line, sizeof line, stdin)) {
    if (strstr(line, "\"quit\"")) break;
    if (strstr(line, "\"info\"")) {
      printf("{\"ready\":\"onednn\",\"version\":\"%d.%d.%d\"}\n", v->major, v->minor, v->patch);
      fflush(stdout);
      continue;
    }
    long m = number(line, "m", 0), n = number(line, "n", 0), k = number(line, "k", 0);
    long transposed = number(line, "transposed", 1), repeat = number(line, "repeat", 1);
    if (!strstr(line, "\"gemm\"") || m < 1 || n < 1 || k < 1 || repeat < 1) {
      printf("{\"error\":\"a gemm with m, n, k is needed\"}\n");
      fflush(stdout);
      continue;
    }
    omp_set_num_threads((int)number(line, "threads", 2));
    char t = transposed ? 'T' : 'N';
    bool ok = true;
    if (m != last[0] || n != last[1] || k != last[2] || transposed != last[3]) {
      free(a);
      free(b);
      free(c);
      a = filled((size_t)(m * k));
      b = filled((size_t)(n * k));
      c = filled((size_t)(m * n));
      if (!a || !b || !c) return 1;
      last[0] = m, last[1] = n, last[2] = k, last[3] = transposed;
      ok = multiply(t, m, n, k, a, b, c);
    }
    double start = now();
    for (long i = 0; i < repeat && ok; ++i) ok = multiply(t, m, n, k, a, b, c);
    double seconds = (now() - start) / (double)repeat;
    if (ok) printf("{\"seconds\":%.9f,\"gflop\":%.9f}\n", seconds, 2e-9 * (double)m * (double)n * (double)k);
    else printf("{\"error\":\"dnnl_sgemm failed\"}\n");
    fflush(stdout);
  }
  return 0;
}

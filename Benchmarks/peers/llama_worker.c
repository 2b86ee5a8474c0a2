// A long-lived llama.cpp process that answers one JSON request per line (the protocol is in README.md).
// usage: llama_worker MODEL.gguf [--ctx N] [--vocab-only]
//
// Timings follow llama-bench: one warm context per cache type, prefill in batches of 512, decode one random token at
// a time with a synchronise after each. Contexts stay alive, so that single runs can be interleaved with another engine.

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "llama.h"

enum { batch_size = 512, max_contexts = 6 };

struct slot {
  struct llama_context *context;
  bool flash;
  enum ggml_type cache;
  int filled;  // tokens of the fixed random sequence that the cache holds
};

static struct llama_model *model;
static const struct llama_vocab *vocab;
static uint32_t context_length = 4096;
static struct slot slots[max_contexts];
static int slot_count;
static struct ggml_threadpool *pool;
static int pool_threads;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fail(const char *message) {
  printf("{\"error\":\"%s\"}\n", message);
  fflush(stdout);
}

// Requests are flat objects of numbers and strings without escapes, so a key's value follows its first colon.
static const char *value_of(const char *line, const char *key) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\"", key);
  const char *at = strstr(line, quoted);
  if (!at) return NULL;
  at += strlen(quoted);
  while (*at == ' ' || *at == ':') ++at;
  return at;
}

static long number(const char *line, const char *key, long fallback) {
  const char *at = value_of(line, key);
  if (!at) return fallback;
  if (*at == 't') return 1;
  if (*at == 'f') return 0;
  return strtol(at, NULL, 10);
}

static bool string(const char *line, const char *key, char *out, size_t size) {
  const char *at = value_of(line, key);
  if (!at || *at != '"') return false;
  const char *end = strchr(++at, '"');
  if (!end || (size_t)(end - at) >= size) return false;
  memcpy(out, at, (size_t)(end - at));
  out[end - at] = 0;
  return true;
}

// Token i of the sequence that every run uses.
static llama_token token_at(int i) {
  uint64_t x = (uint64_t)(i + 1) * 0x9E3779B97F4A7C15u;
  x ^= x >> 31;
  x *= 0xBF58476D1CE4E5B9u;
  x ^= x >> 29;
  return (llama_token)(x % (uint64_t)llama_vocab_n_tokens(vocab));
}

static struct slot *slot_for(const char *line) {
  bool flash = number(line, "flash", 1) != 0;
  char name[16] = "f16";
  string(line, "cache", name, sizeof name);
  enum ggml_type cache = !strcmp(name, "f32") ? GGML_TYPE_F32 : !strcmp(name, "q8_0") ? GGML_TYPE_Q8_0 : GGML_TYPE_F16;
  int threads = (int)number(line, "threads", 2);
  struct slot *s = NULL;
  for (int i = 0; i < slot_count; ++i) {
    if (slots[i].flash == flash && slots[i].cache == cache) s = &slots[i];
  }
  if (!s) {
    if (slot_count == max_contexts) return NULL;
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = context_length;
    p.n_batch = batch_size;
    p.n_ubatch = batch_size;
    p.flash_attn_type = flash ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    p.type_k = cache;
    p.type_v = cache;
    p.n_threads = threads;
    p.n_threads_batch = threads;
    struct llama_context *c = llama_init_from_model(model, p);
    if (!c) return NULL;
    s = &slots[slot_count++];
    *s = (struct slot){.context = c, .flash = flash, .cache = cache, .filled = 0};
  }
  if (pool_threads != threads) {
    for (int i = 0; i < slot_count; ++i) llama_detach_threadpool(slots[i].context);
    if (pool) ggml_threadpool_free(pool);
    struct ggml_threadpool_params tpp = ggml_threadpool_params_default(threads);
    pool = ggml_threadpool_new(&tpp);
    pool_threads = threads;
  }
  llama_set_n_threads(s->context, threads, threads);
  llama_attach_threadpool(s->context, pool, pool);
  return s;
}

// Runs tokens [from, from + count) of the fixed sequence as a prompt.
static bool prompt(struct slot *s, int from, int count) {
  llama_token ids[batch_size];
  while (count > 0) {
    int n = count < batch_size ? count : batch_size;
    for (int i = 0; i < n; ++i) ids[i] = token_at(from + i);
    if (llama_decode(s->context, llama_batch_get_one(ids, n)) != 0) return false;
    from += n;
    count -= n;
  }
  llama_synchronize(s->context);
  return true;
}

// Leaves exactly `depth` tokens in the cache, keeping what is there.
static bool at_depth(struct slot *s, int depth) {
  llama_memory_t memory = llama_get_memory(s->context);
  if (s->filled < depth || depth == 0 || !llama_memory_seq_rm(memory, 0, depth, -1)) {
    llama_memory_clear(memory, true);
    s->filled = 0;
    if (depth > 0 && !prompt(s, 0, depth)) return false;
  }
  s->filled = depth;
  return true;
}

static void timed(const char *line, bool decode) {
  int tokens = (int)number(line, "tokens", decode ? 128 : 512);
  int depth = (int)number(line, "depth", 0);
  if (tokens < 1 || depth < 0 || (uint32_t)(tokens + depth) > context_length) return fail("tokens + depth exceed the context");
  struct slot *s = slot_for(line);
  if (!s) return fail("no context");
  if (!at_depth(s, depth)) return fail("decode failed");
  double start = now();
  bool ok = true;
  if (decode) {
    for (int i = 0; i < tokens && ok; ++i) {
      llama_token id = token_at(depth + i);
      ok = llama_decode(s->context, llama_batch_get_one(&id, 1)) == 0;
      llama_synchronize(s->context);
    }
  } else {
    ok = prompt(s, depth, tokens);
  }
  double seconds = now() - start;
  s->filled = depth + tokens;
  if (!ok) return fail("decode failed");
  printf("{\"seconds\":%.9f,\"tokens\":%d}\n", seconds, tokens);
}

static void tokenize(const char *line) {
  char in[4096], out[4096];
  if (!string(line, "strings", in, sizeof in) || !string(line, "out", out, sizeof out)) return fail("strings and out are needed");
  bool special = number(line, "special", 0) != 0, wide = number(line, "wide", 0) != 0;
  FILE *f = fopen(in, "rb"), *g = fopen(out, "wb");
  if (!f || !g) return fail("cannot open a file");
  uint32_t count = 0, length = 0;
  uint64_t total = 0;
  if (fread(&count, 4, 1, f) != 1) return fail("short file");
  fwrite(&count, 4, 1, g);
  for (uint32_t i = 0; i < count; ++i) {
    if (fread(&length, 4, 1, f) != 1) return fail("short file");
    char *text = malloc(length + 1);
    llama_token *ids = malloc(((size_t)length + 8) * 4 * sizeof *ids);
    if (fread(text, 1, length, f) != length) return fail("short file");
    int32_t n = llama_tokenize(vocab, text, (int32_t)length, ids, (int32_t)(length + 8) * 4, false, special);
    if (n < 0) return fail("tokenize failed");
    uint32_t un = (uint32_t)n;
    fwrite(&un, 4, 1, g);
    if (wide) fwrite(ids, 4, (size_t)n, g);
    for (int32_t k = 0; k < n && !wide; ++k) {
      uint16_t id = (uint16_t)ids[k];
      if (ids[k] > 0xFFFF) return fail("id above 65535");
      fwrite(&id, 2, 1, g);
    }
    total += un;
    free(text);
    free(ids);
  }
  fclose(f);
  fclose(g);
  printf("{\"strings\":%u,\"ids\":%llu}\n", count, (unsigned long long)total);
}

// Runs one window from an empty cache; logits are kept from `first` to the last position but one.
static bool run_window(struct slot *s, struct llama_batch *batch, const uint32_t *ids, uint32_t window, uint32_t first) {
  llama_memory_clear(llama_get_memory(s->context), true);
  s->filled = 0;
  batch->n_tokens = (int32_t)window;
  for (uint32_t i = 0; i < window; ++i) {
    batch->token[i] = (llama_token)ids[i];
    batch->pos[i] = (llama_pos)i;
    batch->n_seq_id[i] = 1;
    batch->seq_id[i][0] = 0;
    batch->logits[i] = i >= first && i + 1 < window;
  }
  return llama_decode(s->context, *batch) == 0;
}

// ln of the sum of exponentials.
static double log_sum(const float *logits, uint32_t count) {
  double top = logits[0], sum = 0;
  for (uint32_t k = 1; k < count; ++k) top = logits[k] > top ? logits[k] : top;
  for (uint32_t k = 0; k < count; ++k) sum += exp((double)logits[k] - top);
  return log(sum) + top;
}

static uint32_t argmax(const float *x, uint32_t count) {
  uint32_t top = 0;
  for (uint32_t k = 1; k < count; ++k) top = x[k] > x[top] ? k : top;
  return top;
}

// Mean KL(reference || this) and both perplexities over the windows of a reference file (layout in Golden/README.md).
static void divergence(const char *line) {
  char path[4096];
  if (!string(line, "reference", path, sizeof path)) return fail("reference is needed");
  FILE *f = fopen(path, "rb");
  if (!f) return fail("cannot open the reference");
  struct { char magic[8]; uint32_t vocabulary, window, windows, first; } h;
  if (fread(&h, sizeof h, 1, f) != 1 || memcmp(h.magic, "VTLOGP1", 8) != 0) return fail("not a reference file");
  if ((int32_t)h.vocabulary != llama_vocab_n_tokens(vocab) || h.window > batch_size) return fail("reference of another model");
  uint32_t *ids = malloc(sizeof *ids * h.window * h.windows);
  float *p = malloc(sizeof *p * h.vocabulary);
  if (fread(ids, 4, (size_t)h.window * h.windows, f) != (size_t)h.window * h.windows) return fail("short reference");
  struct slot *s = slot_for(line);
  if (!s) return fail("no context");
  struct llama_batch batch = llama_batch_init((int32_t)h.window, 0, 1);
  double kl = 0, own = 0, theirs = 0, start = now();
  uint64_t positions = 0, same_top = 0;
  for (uint32_t w = 0; w < h.windows; ++w) {
    const uint32_t *window = ids + (size_t)w * h.window;
    if (!run_window(s, &batch, window, h.window, h.first)) return fail("decode failed");
    for (uint32_t i = h.first; i + 1 < h.window; ++i) {
      if (fread(p, 4, h.vocabulary, f) != h.vocabulary) return fail("short reference");
      const float *logits = llama_get_logits_ith(s->context, (int32_t)i);
      double total = log_sum(logits, h.vocabulary), here = 0;
      for (uint32_t k = 0; k < h.vocabulary; ++k) here += exp((double)p[k]) * ((double)p[k] - ((double)logits[k] - total));
      kl += here;
      same_top += argmax(logits, h.vocabulary) == argmax(p, h.vocabulary);
      own -= (double)logits[window[i + 1]] - total;
      theirs -= (double)p[window[i + 1]];
      ++positions;
    }
  }
  llama_batch_free(batch);
  free(ids);
  free(p);
  fclose(f);
  double n = (double)positions;
  printf("{\"positions\":%llu,\"kl\":%.9f,\"perplexity\":%.6f,\"referencePerplexity\":%.6f,\"sameTop\":%.6f,\"seconds\":%.3f}\n",
         (unsigned long long)positions, kl / n, exp(own / n), exp(theirs / n), (double)same_top / n, now() - start);
}

// Perplexity of a whole text: windows of 512, the second half of each scored, the tail dropped.
static void perplexity(const char *line) {
  char path[4096];
  if (!string(line, "text", path, sizeof path)) return fail("text is needed");
  FILE *f = fopen(path, "rb");
  if (!f) return fail("cannot open the text");
  fseek(f, 0, SEEK_END);
  long length = ftell(f);
  rewind(f);
  char *text = malloc((size_t)length + 1);
  llama_token *tokens = malloc(((size_t)length + 8) * sizeof *tokens);
  if (!text || !tokens || fread(text, 1, (size_t)length, f) != (size_t)length) return fail("cannot read the text");
  fclose(f);
  int32_t count = llama_tokenize(vocab, text, (int32_t)length, tokens, (int32_t)length + 8, true, false);
  struct slot *s = slot_for(line);
  if (!s || count < batch_size) return fail("no context, or a text of less than 512 tokens");
  uint32_t first = batch_size / 2, vocabulary = (uint32_t)llama_vocab_n_tokens(vocab);
  struct llama_batch batch = llama_batch_init(batch_size, 0, 1);
  double sum = 0;
  uint64_t positions = 0;
  for (int32_t w = 0; w < count / batch_size; ++w) {
    uint32_t window[batch_size];
    for (uint32_t i = 0; i < batch_size; ++i) window[i] = (uint32_t)tokens[(size_t)w * batch_size + i];
    if (!run_window(s, &batch, window, batch_size, first)) return fail("decode failed");
    for (uint32_t i = first; i + 1 < batch_size; ++i) {
      const float *logits = llama_get_logits_ith(s->context, (int32_t)i);
      sum -= (double)logits[window[i + 1]] - log_sum(logits, vocabulary);
      ++positions;
    }
  }
  llama_batch_free(batch);
  free(text);
  free(tokens);
  printf("{\"perplexity\":%.6f,\"tokens\":%llu}\n", exp(sum / (double)positions), (unsigned long long)positions);
}

static void silent(enum ggml_log_level level, const char *text, void *data) {
  (void)data;
  if (level >= GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

int main(int argc, char **argv) {
  const char *path = NULL;
  struct llama_model_params p = llama_model_default_params();
  for (int i = 1; i < argc; ++i) {
    if (!strcmp(argv[i], "--ctx") && i + 1 < argc) context_length = (uint32_t)strtoul(argv[++i], NULL, 10);
    else if (!strcmp(argv[i], "--vocab-only")) p.vocab_only = true;
    else path = argv[i];
  }
  if (!path) {
    fprintf(stderr, "usage: llama_worker MODEL.gguf [--ctx N] [--vocab-only]\n");
    return 2;
  }
  llama_log_set(silent, NULL);
  ggml_backend_load_all();
  llama_backend_init();
  model = llama_model_load_from_file(path, p);
  if (!model) {
    fail("cannot load the model");
    return 1;
  }
  vocab = llama_model_get_vocab(model);
  printf("{\"ready\":\"llama.cpp\",\"vocabulary\":%d}\n", llama_vocab_n_tokens(vocab));
  fflush(stdout);
  char line[16384];
  while (fgets(line, sizeof line, stdin)) {
    char op[32] = "";
    string(line, "op", op, sizeof op);
    if (!strcmp(op, "prefill")) timed(line, false);
    else if (!strcmp(op, "decode")) timed(line, true);
    else if (!strcmp(op, "tokenize")) tokenize(line);
    else if (!strcmp(op, "kl")) divergence(line);
    else if (!strcmp(op, "perplexity")) perplexity(line);
    else if (!strcmp(op, "info")) {
      struct rusage usage;
      getrusage(RUSAGE_SELF, &usage);
      printf("{\"system\":\"%s\",\"peakBytes\":%ld}\n", llama_print_system_info(), usage.ru_maxrss * 1024);
    } else if (!strcmp(op, "quit")) break;
    else fail("unknown op");
    fflush(stdout);
  }
  return 0;
}

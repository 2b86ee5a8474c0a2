// Exact attention over pages of 256 keys, and the writers of those pages.
//
// A page of one kv head holds K as 16 panels [d][16 keys] and V as groups of 16 dims [dims/16][256 keys][16 dims], in
// f32, f16 or int8. With int8 the scales of 256 keys and 256 values follow, f32: keys, values and queries are turned by an
// orthogonal matrix first (see the driver), a key's element is scale · integer, and scores and weights are multiplied by
// the scales, not the elements. Each query row treats each page alone (scores, largest score m, p = 2^(s - m), sum l,
// P·V) and merges the pages in their order, so a row's bits depend on its keys only: not on threads, on chunking, or on
// who shares its call.
#ifndef VT_ATTENTION_H
#define VT_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vt_isa.h"
#include "vt_pool.h"

enum {
  VT_ATTENTION_PAGE = 256,       // keys of a page
  VT_ATTENTION_PANEL = 16,       // keys of a K panel, dims of a V group
  VT_ATTENTION_STRIP = 12,       // the most query rows × group that a kernel takes through a page together
  VT_ATTENTION_PARTIAL_ROWS = 24 // the most query rows × group of a run that is split by pages
};

// What keys and values are kept in; an element has 4 >> element bytes.
typedef enum vt_attention_element { VT_ATTENTION_F32, VT_ATTENTION_F16, VT_ATTENTION_I8 } vt_attention_element;

// Where a page keeps what of one kv head.
typedef struct vt_attention_layout {
  int32_t head_dim; // d
  vt_attention_element element;
  int64_t head_bytes;   // from one head's K to the next one's
  int64_t values_bytes; // from a head's K to its V
  int64_t scales_bytes; // from a head's K to its scales
} vt_attention_layout;

// Query rows of one sequence. Its keys are in `pages` (the base of each page, all layers and heads) or, where that is
// NULL, in f32 tensors: element [key, kv head, dim] at key * key_row + head * key_head + dim, and alike for values.
typedef struct vt_attention_run {
  const void *const *pages;
  const float *keys;
  const float *values;
  int64_t q_offset, o_offset, lse_offset; // of the first row and head, in elements
  int64_t first_row; // the first row's number in the batch
  int64_t rows;     // query rows
  int64_t position; // the index of the key that stands beside the first query row; negative: before all keys
  int64_t length;   // keys
  int64_t first_head; // added to the query head's number to find its slope
} vt_attention_run;

// A piece of work: query rows [first, first + count) of a run and one kv head over all their pages, or, with
// page >= 0, all rows of a short run over that page, into `partial` (offset in floats); the last of the run's pages to
// be done merges them by merges[merge].
typedef struct vt_attention_item {
  int32_t run, head;
  int32_t first, count;
  int32_t page;
  int32_t merge;
  int32_t next; // the item its worker is likely to do next, whose first keys may be fetched meanwhile; -1: none
  int32_t cost; // in relation to the others
  int64_t partial;
} vt_attention_item;

// The partials of one run and kv head, for pages [first_page, last_page) in order.
typedef struct vt_attention_merge {
  int32_t run, head;
  int32_t first_page, last_page;
  int32_t pending; // pages that are not done; last_page - first_page before and after each job
  int32_t unused;
  int64_t partial;
} vt_attention_merge;

typedef struct vt_attention {
  const float *q; // element [row, head, dim] at row * q_row + head * q_head + dim
  float *o;
  float *lse; // NULL: not wanted
  int64_t q_row, q_head, o_row, o_head, lse_row, lse_head;
  vt_attention_layout layout; // of pages; tensors of keys and values have its head_dim
  int32_t group;              // query heads of one kv head
  float scale;
  int64_t window_left, window_right; // keys seen before and after a query's own; negative: all
  float softcap;                     // 0, or scores s become softcap · tanh(s / softcap)
  const float *slopes;               // NULL, or per query head: slope · (key - query) is added to a score
  int64_t page_offset;               // bytes from a page's base to this layer's first head
  int64_t key_row, key_head, value_row, value_head; // distances in tensors of keys and values, in elements
  const vt_attention_run *runs;
  const vt_attention_item *items;
  vt_attention_merge *merges;
  float *scratch; // for each worker scratch_stride floats
  int64_t scratch_stride;
  float *partials;
} vt_attention;

// The floats of scratch a worker needs for items of up to `rows` query rows × group.
int64_t vt_attention_scratch_floats(int32_t rows, int32_t head_dim);
// The floats of one partial of `rows` query rows × group.
int64_t vt_attention_partial_floats(int32_t rows, int32_t head_dim);

// The job over items; its context is a vt_attention.
vt_job vt_attention_item_job(vt_isa isa);

// Writes the rows of k and v into their pages: one item for each run and kv head (run * kv_heads + head).
typedef struct vt_attention_append {
  const float *k, *v; // element [row, head, dim] at row * k_row + head * d + dim
  int64_t k_row, v_row;
  vt_attention_layout layout;
  int32_t kv_heads;
  int64_t page_offset;
  const vt_attention_run *runs;
} vt_attention_append;
vt_job vt_attention_append_job(vt_isa isa);

// Blocks of 16 keys: beside a head's keys and values its page has the means of its 16 blocks, f32, as a panel [d][16 blocks].
// Elements are f32 or f16.
typedef struct vt_attention_blocks {
  vt_attention dense;  // without items, merges and partials; where blocks are chosen its runs have one row and more blocks before the
                       // last keys than are chosen
  int64_t means_bytes; // from a head's K to its means
  int32_t kv_heads;
  int32_t blocks;      // how many are chosen
  int32_t most_blocks; // at least as many as a run has, a multiple of 16
  bool keeps_first;    // whether the first block is always one of them
  int64_t local;       // this many last keys, and what else is in their first block, are seen as well
  void *const *pages;  // for each worker pages_each pages of one head, into which what is seen is brought together
  int64_t pages_each;
  float *scratch; // for each worker scratch_stride floats, vt_attention_choice_floats or more
  int64_t scratch_stride;
} vt_attention_blocks;
// The mean of the keys of block `block` of the head at `head`.
void vt_attention_mean(void *head, int32_t block, const vt_attention_layout *layout, int64_t means_bytes);
// The floats of scratch that choosing takes a worker.
int64_t vt_attention_choice_floats(int32_t most_blocks, int32_t blocks, int32_t head_dim);
// Means of the blocks that a batch's rows complete, and attention to chosen blocks: one item for each run and kv head
// (run * kv_heads + head).
vt_job vt_attention_means_job(vt_isa isa);
vt_job vt_attention_blocks_job(vt_isa isa);

// Copies one key and value of `heads` heads (all layers) from a page to a page of the same layout.
void vt_attention_move(void *to, int32_t to_key, const void *from, int32_t from_key, int64_t heads,
                       const vt_attention_layout *layout);
// Reads key and value `key` of the head at `head` into d floats each, and writes them from there.
void vt_attention_read(const void *head, int32_t key, const vt_attention_layout *layout, float *k, float *v);
void vt_attention_write(void *head, int32_t key, const vt_attention_layout *layout, const float *k, const float *v);

// 2^x for count numbers by the kernels' own function (0 below -100), for tests.
void vt_attention_exp2(vt_isa isa, const float *x, float *y, int64_t count);

#endif

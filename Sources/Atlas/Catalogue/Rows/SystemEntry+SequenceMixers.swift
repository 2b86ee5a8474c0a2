extension SystemEntry {
  /// Sequence mixers and attention.
  static let sequenceMixers: [SystemEntry] = [
    SystemEntry(
      67, "flash-attention-2", "FlashAttention-2", .sequenceMixers, .mixers, arXiv: "2307.08691",
      "Exact softmax attention in tiles: the score matrix is never stored, and query blocks run in parallel.",
      keywords: "exact attention, tiling, linear memory, causal, sliding window, varlen, grouped queries, GPU kernel",
      folder: "DenseAttention", state: .partial),
    SystemEntry(
      35, "io-complexity-attention", "I/O complexity of attention", .sequenceMixers, .mixers, arXiv: "2402.07443",
      "Proves how few words exact attention can move for a given cache, and picks the schedule that does so.",
      keywords: "lower bound, I/O complexity, data movement, cache size, optimal tiling, attention schedule",
      folder: "AttentionIO", state: .partial),
    SystemEntry(
      32, "flashfftconv", "FlashFFTConv", .sequenceMixers, .mixers, arXiv: "2311.05908",
      "Convolutions as long as the sequence, by Fourier transforms that are matrix products in one fused pass.",
      keywords: "long convolution, FFT, Monarch, Hyena, state space, frequency sparsity, long sequences"),
    SystemEntry(
      72, "flashrnn", "FlashRNN", .sequenceMixers, .mixers, arXiv: "2412.07752",
      "Recurrent steps whose weights stay in the fastest memory, with block sizes found by an integer solver.",
      keywords: "LSTM, GRU, Elman, sLSTM, recurrent network, persistent kernel, autotuning, constraints"),
    SystemEntry(
      14, "flashkat", "FlashKAT", .sequenceMixers, .mixers, arXiv: "2505.13813",
      "Rational-function activations trained without many threads adding into the same few coefficients.",
      keywords: "Kolmogorov-Arnold, KAN, group rational activation, backward pass, atomics, gradient accumulation"),
    SystemEntry(
      25, "slab", "SLAB", .sequenceMixers, .mixers, arXiv: "2405.11582",
      "Turns layer norm into batch norm that folds into the next matrix, and softmax into ReLU linear attention.",
      keywords: "LayerNorm, BatchNorm, folding, reparameterisation, linear attention, efficient transformer"),
    SystemEntry(
      15, "lama", "LAMA", .sequenceMixers, .mixers, arXiv: "1912.00835",
      "Pools a text into one vector by low-rank bilinear attention of every word with one shared query.",
      keywords: "attention pooling, low rank, text classification, sentence vector, bidirectional GRU"),
    SystemEntry(
      30, "rat", "RAT", .sequenceMixers, .mixers, arXiv: "2507.04416",
      "A gated recurrence mixes each chunk; softmax attention then looks only at one state per chunk.",
      keywords: "chunked recurrence, softmax attention, hybrid, long context, smaller KV cache, linear recurrence"),
    SystemEntry(
      74, "matmul-free-lm", "MatMul-free LM", .sequenceMixers, .mixers, arXiv: "2406.02528",
      "A language model with ternary weights and an elementwise recurrence, so no dense product is left.",
      keywords: "ternary weights, BitLinear, MatMul-free, additions only, recurrent token mixer, low energy"),
    SystemEntry(
      1, "lizard", "Lizard", .sequenceMixers, .mixers, arXiv: "2507.09025",
      "Swaps softmax attention in a trained model for a gated linear form that a short exact window corrects.",
      keywords: "linear attention, conversion, distillation, forgetting gate, linearise, sliding window"),
    SystemEntry(
      16, "transmla", "TransMLA", .sequenceMixers, .mixers, arXiv: "2502.07864",
      "Rewrites grouped-query attention as latent attention that caches one short vector for each token.",
      keywords: "multi-head latent attention, MLA, GQA, conversion, KV cache compression, PCA, decoupled RoPE"),
    SystemEntry(
      23, "ultragen", "UltraGen", .sequenceMixers, .mixers, arXiv: "2510.18775",
      "Attends over high-resolution video in windows, coarser windows and one compressed global view.",
      keywords: "video diffusion transformer, high resolution, local attention, hierarchical, 4K, global branch"),
    SystemEntry(
      86, "ladder-residual", "Ladder Residual", .sequenceMixers, .mixers, arXiv: "2501.06589",
      "Each block reads a residual one step old, so its all-reduce runs behind the next block.",
      keywords: "tensor parallelism, stale residual, overlap communication, all-reduce, decoder block",
      state: .partial),
    SystemEntry(
      10, "scatterbrain", "Scatterbrain", .sequenceMixers, .mixers, arXiv: "2110.15343",
      "Adds a hashed sparse part and a kernel-feature low-rank part to approximate softmax attention.",
      keywords: "sparse attention, low rank, locality-sensitive hashing, random features, approximation"),
    SystemEntry(
      8, "zipvl", "ZipVL", .sequenceMixers, .mixers, arXiv: "2410.08584",
      "Finds how many tokens matter in each layer, attends sparsely to them and stores the rest in few bits.",
      keywords: "token sparsity, vision-language, KV cache quantisation, long context prefill, adaptive ratio"),
    SystemEntry(
      9, "infllm-v2", "InfLLM-V2", .sequenceMixers, .mixers, arXiv: "2509.24663",
      "The same weights attend densely to short inputs and to selected key blocks in long contexts.",
      keywords: "long context, block sparse attention, trainable sparsity, key block selection, switchable, MiniCPM"),
    SystemEntry(
      26, "recycled-attention", "Recycled Attention", .sequenceMixers, .mixers, arXiv: "2411.05787",
      "Most decoding steps look only at keys that the last full attention step found important.",
      keywords: "long context decoding, KV cache reuse, top-k tokens, sparse attention steps, cache traffic"),
    SystemEntry(
      66, "spatten", "SpAtten", .sequenceMixers, .mixers, arXiv: "2012.09852",
      "Drops unimportant tokens and heads for good as layers go by, and reads more bits only where needed.",
      keywords: "token pruning, head pruning, progressive quantisation, top-k, accelerator, generation"),
    SystemEntry(
      101, "kv-prediction", "KV Prediction", .sequenceMixers, .mixers, arXiv: "2410.08391",
      "Shortens the wait for a first token: a small model's keys and values are mapped to the large one's.",
      keywords: "time to first token, prefill, long prompt, KV cache, auxiliary model, edge device"),
  ]
}

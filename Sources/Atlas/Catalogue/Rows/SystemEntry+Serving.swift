extension SystemEntry {
  /// Serving and inference.
  static let serving: [SystemEntry] = [
    SystemEntry(
      3, "pca-rag", "PCA-RAG", .serving, .retrieval, arXiv: "2504.08386",
      "Projects embeddings on their principal axes, so that a vector index is smaller and faster to search.",
      keywords: "RAG, retrieval, vector index, principal components, dimension reduction, nearest neighbour"),
    SystemEntry(
      22, "vision-serving-overheads", "Vision serving overheads", .serving, .inference, arXiv: "2403.12981",
      "An image server that accounts for every stage, from decoding the JPEG to the network, and mends the slow ones.",
      keywords: "image server, preprocessing, JPEG decoding, batching, data movement, throughput, latency, overheads"),
    SystemEntry(
      40, "moe-lens", "MoE-Lens", .serving, .inference, arXiv: "2504.09345",
      "Plans the serving of experts too large for the accelerator: weights stream in, the CPU does attention.",
      keywords: "mixture of experts, offloading, performance model, batch scheduler, PCIe, CPU attention, KV cache",
      state: .partial),
    SystemEntry(
      42, "exflow", "ExFlow", .serving, .cluster, arXiv: "2401.08383",
      "Places experts beside those that usually precede them, which saves every second all-to-all.",
      keywords: "mixture of experts, expert placement, all-to-all, affinity, expert parallelism, integer programming"),
    SystemEntry(
      46, "tpi-llm", "TPI-LLM", .serving, .cluster, arXiv: "2410.00531",
      "Large models on several weak devices: split tensors, a window of resident weights, a star-shaped all-reduce.",
      keywords: "tensor parallelism, edge devices, memory window, weight streaming, all-reduce latency, home network"),
    SystemEntry(
      57, "flash-llm", "Flash-LLM", .serving, .compression, arXiv: "2309.10285",
      "Loads pruned weights in sparse form and multiplies them densely, since reading is what takes the time.",
      keywords: "unstructured sparsity, pruning, SpMM, skinny matrices, token generation, memory bandwidth"),
    SystemEntry(
      78, "nexus", "Nexus", .serving, .inference, arXiv: "2507.06608",
      "Divides one processor between prompts and generation as it goes, guided by a model of their contention.",
      keywords: "prefill, decode, disaggregation, resource split, scheduler, cost model, contention, goodput",
      state: .partial),
    SystemEntry(
      82, "superpipeline", "Superpipeline", .serving, .inference, arXiv: "2410.08791",
      "Moves groups of layers through fast memory ahead of need, for models that do not fit there.",
      keywords: "offloading, layer streaming, low memory, prefetch, training, partial residency"),
    SystemEntry(
      100, "llm-in-a-flash", "LLM in a flash", .serving, .inference, arXiv: "2312.11514",
      "Runs models larger than memory: predicts the active neurons and reads only their rows from flash.",
      keywords: "weight paging, activation sparsity, ReLU, flash storage, windowing, row-column bundling, low memory"),
    SystemEntry(
      107, "d2moe", "D²MoE", .serving, .compression, arXiv: "2504.15299",
      "Picks an expert’s bit width for each token; all widths nest in one copy, and loading hides behind compute.",
      keywords: "mixture of experts, nested quantisation, bit-width router, dynamic precision, expert loading, edge"),
    SystemEntry(
      110, "ets", "ETS", .serving, .inference, arXiv: "2502.13575",
      "Tree search for reasoning that keeps branches by reward, shared cache and difference of meaning.",
      keywords: "test-time compute, tree search, process reward model, KV sharing, integer program, reasoning"),
    SystemEntry(
      111, "splitwise", "Splitwise", .serving, .inference, arXiv: "2311.18677",
      "Prompts and generation run on separate machines; a simulator tells how many of each to buy.",
      keywords: "prefill, decode, disaggregation, cluster simulator, provisioning, KV transfer, power, cost",
      state: .partial),
    SystemEntry(
      114, "speculative-moe", "Speculative MoE", .serving, .cluster, arXiv: "2503.04398",
      "Guesses the experts of a token before routing and sends it there early, with experts grouped to suit.",
      keywords: "mixture of experts, speculative routing, expert parallelism, all-to-all, co-clustering"),
    SystemEntry(
      17, "token-ring", "TokenRing", .serving, .cluster, arXiv: "2412.20501",
      "Sequence-parallel attention that sends queries one way and partial results the other around the ring.",
      keywords: "ring attention, sequence parallelism, long sequences, full duplex link, communication"),
    SystemEntry(
      70, "tokenweave", "TokenWeave", .serving, .cluster, arXiv: "2505.11329",
      "Splits a batch in two, so that one half computes while the other half is being reduced.",
      keywords: "tensor parallelism, overlap communication, all-reduce, fused RMSNorm, batch splitting",
      state: .partial),
    SystemEntry(
      99, "skip-coupled-architectures", "SKIP", .serving, .inference, arXiv: "2504.11750",
      "Follows operators to their kernels, tells whether starting them is what takes the time, and proposes fusions.",
      keywords: "profiler, trace, launch overhead, CPU-bound, kernel fusion, coupled architecture, dispatch"),
  ]
}

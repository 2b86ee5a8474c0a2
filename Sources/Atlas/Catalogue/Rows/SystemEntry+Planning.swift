extension SystemEntry {
  /// Planning and scaling laws.
  static let planning: [SystemEntry] = [
    SystemEntry(
      53, "idealized-runtime", "Idealized runtime", .planning, .planner, arXiv: "2305.02440",
      "Ranks language models by their time on one common stack, estimated from a few measurements.",
      keywords: "inference efficiency metric, runtime estimate, denoised latency, API comparison, linear model",
      state: .partial),
    SystemEntry(
      71, "long-context-peak-analysis", "Long-context peak analysis", .planning, .planner, arXiv: "2405.08944",
      "Foretells how many long conversations a machine can hold at once, and how long each stage of them takes.",
      keywords: "long context, KV cache size, concurrency, prefill, decode, context switching, peak analysis",
      state: .partial),
    SystemEntry(
      21, "kinetics", "Kinetics", .planning, .planner, arXiv: "2506.05333",
      "A cost model of test-time scaling that counts cache traffic, and sparse attention that follows from it.",
      keywords: "test-time compute, scaling law, best-of-n, KV memory traffic, sparse attention, block top-k",
      state: .partial),
    SystemEntry(
      85, "ttspm", "TTSPM", .planning, .planner, arXiv: "2505.20522",
      "Says when more samples or more rethinking stop paying, from a model of the chance of success.",
      keywords: "test-time compute, saturation, parallel sampling, sequential rethinking, stopping rule, budget",
      state: .works),
    SystemEntry(
      108, "melange", "Mélange", .planning, .planner, arXiv: "2404.14527",
      "Chooses the cheapest mix of accelerators for a service’s request sizes, rate and latency goal.",
      keywords: "GPU mix, cost, integer program, bin packing, service level, request size, provisioning, cloud",
      state: .partial),
    SystemEntry(
      106, "deepseek-v3-hardware", "DeepSeek-V3 co-design", .planning, .planner, arXiv: "2505.09343",
      "The model and hardware choices behind DeepSeek-V3, with a calculator for memory, compute and network.",
      keywords: "latent attention, MLA, sparse experts, FP8, multi-token prediction, multi-plane network, co-design",
      folder: "DeepSeekV3", state: .partial),
    SystemEntry(
      90, "systemflow", "SystemFlow", .planning, .planner, arXiv: "2407.00123",
      "Models a chain of sensors and filters as a graph: rates, power and useful samples for each joule.",
      keywords: "data collection, filter cascade, detector, trigger, rates, power, graph model, energy", state: .partial
    ),
    SystemEntry(
      92, "inference-hyperparameter-study", "Inference hyper-parameter tuner", .planning, .planner, arXiv: "2408.01050",
      "Maps a serving engine’s throughput over its settings and finds the peaks without trying them all.",
      keywords: "hyper-parameter tuning, throughput landscape, serving engine, batch size, search, auto-tune",
      folder: "InferenceTuner", state: .partial),
    SystemEntry(
      63, "llm-runtime-dissection", "Runtime dissection", .planning, .planner, arXiv: "2311.03687",
      "Takes training, fine-tuning and serving apart by module, and measures what each optimisation brings.",
      keywords: "runtime dissection, module breakdown, ZeRO, recomputation, quantisation, offload, benchmarking",
      folder: "RuntimeDissection", state: .partial),
    SystemEntry(
      87, "efficientllm", "EfficientLLM", .planning, .planner, arXiv: "2505.13840",
      "Compares techniques from the whole life of a model by six measures of efficiency, in one harness.",
      keywords: "benchmark, memory, latency, throughput, energy, compression rate, trade-offs, efficient attention"),
    SystemEntry(
      103, "mobile-llm-study", "On-device LLM application study", .planning, .planner, arXiv: "2504.00002",
      "Measures an application on phone, edge and cloud tiers and decides where its model should run.",
      keywords: "mobile, on-device, edge, cloud, placement, application latency, quantisation, case study"),
    SystemEntry(
      113, "compute-optimal-tts", "Compute-Optimal Test-Time Scaling", .planning, .planner, arXiv: "2408.03314",
      "Chooses between searching with a verifier and revising, for each prompt by its difficulty.",
      keywords: "test-time compute, process reward model, beam search, best-of-n, revisions, difficulty"),
    SystemEntry(
      45, "fast-compound-scaling", "Fast compound scaling", .planning, .planner, arXiv: "2103.06877",
      "Makes convolutional networks larger by widening them, which adds far fewer activations than work.",
      keywords: "model scaling, width, depth, resolution, activations, FLOPs, RegNet, run time", state: .partial),
    SystemEntry(
      61, "scalerl", "ScaleRL", .planning, .planner, arXiv: "2510.13786",
      "Fits how reinforcement learning improves with compute, extrapolates it, and gives a recipe that follows.",
      keywords: "reinforcement learning, compute curve, sigmoid fit, extrapolation, RL recipe, post-training",
      state: .partial),
  ]
}

extension SystemEntry {
  /// Learning methods.
  static let learningMethods: [SystemEntry] = [
    SystemEntry(
      37, "peft-suite", "PEFT suite", .learningMethods, .training, arXiv: "2403.14608",
      "The parameter-efficient ways of fine-tuning as one family of adapters that plug in, merge and swap.",
      keywords: "PEFT, LoRA, adapters, prompt tuning, prefix tuning, DoRA, merge, multi-adapter serving",
      folder: "PEFT", state: .partial),
    SystemEntry(
      84, "wta-crs", "WTA-CRS", .learningMethods, .training, arXiv: "2305.15265",
      "Keeps only sampled rows of the activations; the weight gradient stays unbiased, with low variance.",
      keywords: "activation memory, column-row sampling, winner take all, unbiased gradient, fine-tuning memory",
      folder: "WTACRS", state: .partial),
    SystemEntry(
      62, "fp4-training", "FP4 training design space", .learningMethods, .training, arXiv: "2509.17791",
      "Simulates training with products of 4-bit floats, and works out which stabilisers are worth their cost.",
      keywords: "FP4, low precision training, quantised GEMM, Hadamard, stochastic rounding, microscaling",
      folder: "FP4", state: .partial),
    SystemEntry(
      80, "bp-free-training", "Backprop-free training", .learningMethods, .training, arXiv: "2509.19063",
      "Layer-local learning rules without a backward pass, held against well-tuned backpropagation.",
      keywords: "forward-forward, mono-forward, cascaded-forward, local learning, energy, no backprop",
      folder: "LocalLearning", state: .partial),
    SystemEntry(
      13, "xpo", "XPO", .learningMethods, .training, arXiv: "2405.21046",
      "Learns from preferences online and explores on purpose, by one more term in the loss.",
      keywords: "DPO, preference optimisation, exploration, RLHF, sample efficiency, alignment"),
    SystemEntry(
      49, "gpicl", "GPICL", .learningMethods, .training, arXiv: "2212.04458",
      "Trains a plain transformer over many tasks until it is itself a learning algorithm, and says when that works.",
      keywords: "meta-learning, in-context learning, generalisation, memorisation, state size, task number"),
    SystemEntry(
      58, "duo-llm", "Duo-LLM", .learningMethods, .training, arXiv: "2410.10846",
      "Each token takes a large, a small or no feed-forward layer; perfect routing shows what routers could win.",
      keywords: "adaptive computation, routing, oracle, layer skipping, early exit, FFN size"),
    SystemEntry(
      94, "mixture-of-recursions", "Mixture-of-Recursions", .learningMethods, .training, arXiv: "2507.10524",
      "One stack of layers is applied again and again, as often as each token needs, with caches to match.",
      keywords: "recursive transformer, weight sharing, adaptive depth, token routing, KV cache, early exit"),
    SystemEntry(
      96, "parscale", "ParScale", .learningMethods, .training, arXiv: "2505.10475",
      "Several streams with learned prefixes share one set of weights; their outputs are combined by token.",
      keywords: "parallel scaling, prefix tuning, scaling law, aggregation, memory-efficient inference"),
    SystemEntry(
      104, "ecommerce-slm", "Specialised small model", .learningMethods, .training, arXiv: "2510.21970",
      "Fine-tunes a small model for shop intents in many languages, then quantises it for each target.",
      keywords: "QLoRA, small language model, e-commerce, intent recognition, GPTQ, GGUF, quantisation"),
    SystemEntry(
      105, "projektor", "Projektor", .learningMethods, .training, arXiv: "2307.02460",
      "Predicts how well mixtures of data would train a model from small samples, and picks the mixture.",
      keywords: "data selection, optimal transport, data mixture, performance prediction, scaling, data providers"),
    SystemEntry(
      98, "agent-data-protocol", "Agent Data Protocol", .learningMethods, .training, arXiv: "2510.24702",
      "One typed format for agent trajectories between every data set and every training format.",
      keywords: "agent data, trajectory, converter, schema, tool use, fine-tuning data, interoperability"),
    SystemEntry(
      93, "e2lm-early-eval", "E2LM", .learningMethods, .training, arXiv: "2506.07731",
      "Scores evaluations themselves: by whether they tell models apart early, and rank them as at the end.",
      keywords: "early training, benchmark quality, signal, monotonicity, ranking consistency, small checkpoints"),
  ]
}

extension SystemEntry {
  /// Parallel and offloaded training.
  static let parallelTraining: [SystemEntry] = [
    SystemEntry(
      36, "megatron-ptdp", "Megatron PTD-P", .parallelTraining, .cluster, arXiv: "2104.04473",
      "Three ways of splitting a large training run combined, with layers interleaved to shrink the bubble.",
      keywords: "Megatron, pipeline parallelism, tensor parallelism, data parallelism, 1F1B, interleaved schedule",
      state: .partial),
    SystemEntry(
      38, "frontier-3d", "Frontier 3D tuning", .parallelTraining, .cluster, arXiv: "2312.12705",
      "Searches with a cost model for how to lay a model of a trillion parameters over a supercomputer.",
      keywords: "3D parallelism, supercomputer, hyper-parameter search, layout, MI250X, ZeRO, large model training",
      state: .partial),
    SystemEntry(
      33, "c4", "C4", .parallelTraining, .cluster, arXiv: "2406.04594",
      "Tells a faulty or slow worker from the pattern of its collective calls, and spreads traffic over paths.",
      keywords: "fault detection, straggler, hang, collective communication, network paths, ECMP, restart",
      state: .partial),
    SystemEntry(
      41, "sequential-gradient-coding", "Sequential Gradient Coding", .parallelTraining, .cluster, arXiv: "2211.13802",
      "Gradient codes that reach over rounds as well as workers, so that bursts of slowness cost little.",
      keywords: "straggler, gradient coding, redundancy, distributed training, master-worker, erasure"),
    SystemEntry(
      54, "zeppelin", "Zeppelin", .parallelTraining, .cluster, arXiv: "2509.21841",
      "Spreads a batch of very short and very long sequences evenly over data-parallel ranks.",
      keywords: "variable length, long context training, load balancing, sequence parallelism, ring attention",
      state: .partial),
    SystemEntry(
      97, "co2", "CO2", .parallelTraining, .cluster, arXiv: "2401.16265",
      "Workers take local steps while last round’s average travels, so that nobody waits for the network.",
      keywords: "local SGD, asynchronous averaging, overlap communication, staleness, slow network, data parallelism"),
    SystemEntry(
      112, "redco", "Redco", .parallelTraining, .cluster, arXiv: "2310.16355",
      "Derives tensor-parallel shardings by two rules, and a training pipeline from three functions.",
      keywords: "automatic sharding, tensor parallelism, pipeline code, ease of use, partition rules, JAX"),
    SystemEntry(
      50, "data-efficient-training", "PyTorch-Direct, Hector, SSDTrain", .parallelTraining, .training,
      arXiv: "2412.04747",
      "Cures three kinds of data movement: gathers in place, generated relational-graph code, activations on SSD.",
      keywords: "graph neural network, zero-copy gather, code generation, activation offloading, SSD, PyTorch-Direct"),
    SystemEntry(
      55, "deep-optimizer-states", "Deep Optimizer States", .parallelTraining, .training, arXiv: "2410.21316",
      "Divides an offloaded optimiser's step: some slices visit the accelerator, the rest stay with the processor.",
      keywords: "optimizer offloading, Adam, interleaved update, host memory, ZeRO, CPU-GPU overlap"),
    SystemEntry(
      88, "fuyou", "Fuyou", .parallelTraining, .training, arXiv: "2403.06504",
      "Fine-tunes models far beyond memory with disk, RAM, link and compute scheduled together.",
      keywords: "NVMe, SSD offloading, fine-tuning, single device, out-of-core optimizer, activation swapping"),
    SystemEntry(
      81, "distzo2", "DistZO2", .parallelTraining, .training, arXiv: "2507.03211",
      "Fine-tuning from two forward passes over streamed blocks, parallel over perturbations and data.",
      keywords: "zeroth-order optimisation, MeZO, forward-only, offloading, distributed fine-tuning, perturbation"),
    SystemEntry(
      76, "algoperf", "AlgoPerf", .parallelTraining, .training, arXiv: "2306.07179",
      "Compares training algorithms fairly by the time they need to reach fixed targets.",
      keywords: "benchmark, optimizer comparison, time to result, tuning rules, performance profile, workload",
      folder: "AlgoPerf", state: .partial),
  ]
}

extension SystemEntry {
  /// Compilers, code and evaluation.
  static let codeAndEvaluation: [SystemEntry] = [
    SystemEntry(
      83, "portable-parallelism", "Portable parallelism", .codeAndEvaluation, .codeLab,
      "One interface for parallel algorithms, executors and data placement, as fast as a native STREAM.",
      keywords: "parallel algorithms, executors, NUMA, data placement, STREAM bandwidth, C++, HPX"),
    SystemEntry(
      95, "convnet-efficiency", "Convnet efficiency", .codeAndEvaluation, .codeLab, arXiv: "2404.03617",
      "Fuses blocks of convolutional networks and shows where their speed is lost, layer by layer.",
      keywords: "block fusion, depthwise convolution, operational intensity, efficiency gap, waterline, roofline"),
    SystemEntry(
      52, "looper", "LOOPer", .codeAndEvaluation, .codeLab, arXiv: "2403.11522",
      "Searches loop transformations by beam search, with a learned model in place of measurements.",
      keywords: "polyhedral compiler, autoscheduler, loop tiling, interchange, beam search, learned cost model"),
    SystemEntry(
      73, "mlir-cost-model", "ML-driven MLIR cost model", .codeAndEvaluation, .codeLab, arXiv: "2302.11405",
      "Reads compiler code as text and predicts registers, utilisation and time before lowering it.",
      keywords: "MLIR, cost model, machine learning compiler, regression, register pressure"),
    SystemEntry(
      69, "onnx-net", "ONNX-Net", .codeAndEvaluation, .evaluation, arXiv: "2510.04938",
      "Describes architectures in words taken from ONNX files, so that a model can foretell their accuracy.",
      keywords: "neural architecture search, surrogate, ONNX, accuracy prediction, text encoding, zero-shot"),
    SystemEntry(
      4, "hpctranscompile", "HPCTransCompile", .codeAndEvaluation, .codeLab, arXiv: "2506.10401",
      "Makes verified pairs of CUDA and CPU kernels with a compiler, and grades translators on them.",
      keywords: "CUDA, code translation, HPC, transpiler, kernel pairs, data generation, verification"),
    SystemEntry(
      56, "swe-fficiency", "SWE-fficiency", .codeAndEvaluation, .codeLab, arXiv: "2511.06090",
      "Performance engineering on whole repositories: be as fast as the expert, and break no test.",
      keywords: "SWE, repository benchmark, code optimisation, speed-up, agent, sandbox, pull requests"),
    SystemEntry(
      60, "interactive-optimizer", "Interactive LLM optimisation", .codeAndEvaluation, .codeLab, arXiv: "2312.14949",
      "A person and a model speed up a slow function together; every proposal is tested and timed.",
      keywords: "interactive, LLM code optimisation, human in the loop, dialogue, hot function, image processing"),
    SystemEntry(
      102, "sysllmatic", "SysLLMatic", .codeAndEvaluation, .codeLab, arXiv: "2506.01249",
      "Optimises whole programs in a loop of profiling, choosing a known pattern, rewriting and judging.",
      keywords: "LLM code optimisation, profile-guided, performance patterns, hot spots, energy, feedback"),
    SystemEntry(
      91, "program-synthesis-mbpp", "Program synthesis evaluation", .codeAndEvaluation, .codeLab, arXiv: "2108.07732",
      "Tests how well models write short programs: from examples, fine-tuned, and with feedback.",
      keywords: "program synthesis, MBPP, few-shot, execution, code generation, pass rate, sandbox"),
    SystemEntry(
      77, "slm-code-study", "SLM code study", .codeAndEvaluation, .codeLab, arXiv: "2507.03160",
      "Compares small code models for correctness, memory, time and languages, with proper statistics.",
      keywords: "small language models, code generation, HumanEval, pass@k, multilingual code, memory, statistics"),
    SystemEntry(
      27, "tensorbleu", "TensorBLEU", .codeAndEvaluation, .evaluation, arXiv: "2510.05485",
      "BLEU of each sentence of a batch straight from token ids, fast enough to serve as a reward.",
      keywords: "BLEU, n-gram, vectorised metric, reinforcement learning reward, token ids, per sentence"),
    SystemEntry(
      75, "complex-edit", "Complex-Edit", .codeAndEvaluation, .evaluation, arXiv: "2504.13143",
      "Image-editing instructions of adjustable difficulty, scored by a judge that is itself checked.",
      keywords: "image editing, instruction complexity, benchmark, chain of edits, automatic judge, VLM"),
  ]
}

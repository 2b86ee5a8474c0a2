import NumericTypes
import Planner
import Profiling

/// MoE-Lens: Towards the Hardware Limit of High-Throughput MoE LLM Serving Under Resource Constraints, 2025, arXiv 2504.09345.
///
/// The model's two stages beside sums and beside the paper's scheduler, simulated.
public struct MoELensExperiment: Reproduction {
  /// The sheet's number.
  public static let number = 40

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "the engine: `venturi serve --offload` with the scheduler, two groups of tokens and the double buffer of layers",
    "the decode attention kernel with pages of 16-bit keys, its accuracy and its speed",
    "the run on this machine with weights behind a shaped reader, beside both baselines, and its accuracy of prediction",
    "the 4.6 and 25.5 times of MoE-Lightning, which is not modelled, and the paper's 94 % accuracy, whose runs were not had",
  ]

  /// The experiment.
  public init() {}

  /// The paper's figures.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try MoELensPrediction.predictions() }

  /// The sheet's oracle, as far as it is about the model.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: sums and storms")
    return [
      try Check("PME and the bound equal direct sums") { try Self.sums() },
      try Check("pages are conserved and every request gets its tokens, in storms of preemption too") {
        try Self.storms()
      },
      try Check("the device is busy the less the longer answers are, the more prompts outweigh them") {
        try Self.order()
      },
    ]
  }

  private static func sums() throws -> (passed: Bool, detail: String) {
    var worst = 0.0
    let machine = try MoELensPrediction.machine()
    for (p, g) in [(98, 32), (98, 256), (926, 128), (1, 1), (7, 3000)] {
      let load = try MoELensLoad(prompt: p, answer: g, requests: 1)
      let kept = Double((0...g).reduce(0) { $0 + p + $1 }) * Double(g) / Double(g + 1)
      let bound = min(Double(p + g) / kept * machine.stateTokens / machine.streamSeconds, machine.deviceRate)
      worst = max(
        worst, abs(MoELens.parallelismMemoryEfficiency(load) * kept / Double(p + g) - 1),
        abs(machine.bound(load) / bound - 1))
    }
    return (worst < 1e-12, "5 loads, largest error \(scientific(worst))")
  }

  private static func storms() throws -> (passed: Bool, detail: String) {
    var random = Random(seed: 40)
    var (preemptions, holds) = (0, true)
    for _ in 0..<300 {
      let (p, g) = (1 + Int(random.uniform() * 60), 1 + Int(random.uniform() * 60))
      // Memory for one request and a page.
      let machine = try MoELens(
        weightBytes: 1e9, stateBytesPerToken: 1, stateMemory: Double(p + g + 32), link: 1e9, processorBandwidth: 2e9,
        deviceRate: 500)
      let report = try MoELensSimulation.run(machine, MoELensLoad(prompt: p, answer: g, requests: 20))
      preemptions += report.preemptions
      holds = holds && report.answered == 20 && report.answerTokens == 20 * g && report.mostPages <= machine.pages
    }
    return (holds && preemptions > 100, "300 loads, \(preemptions) preemptions")
  }

  private static func order() throws -> (passed: Bool, detail: String) {
    let machine = try MoELensPrediction.machine()
    let answers = try [32, 64, 128, 256].map {
      try MoELensEstimate(machine, MoELensPrediction.load(answer: $0)).deviceUtilization
    }
    let prompts = try [16, 64, 256, 448].map {
      try MoELensEstimate(machine, MoELensLoad(prompt: $0, answer: 512 - $0, requests: 1000)).deviceUtilization
    }
    let holds = zip(answers, answers.dropFirst()).allSatisfy(>) && zip(prompts, prompts.dropFirst()).allSatisfy(<)
    return (holds, "\((answers + prompts).map { scientific($0) }.joined(separator: ", "))")
  }

  private static let settings = [(98, 32), (98, 64), (98, 128), (98, 256), (926, 128)]

  /// Stage 2 beside the scheduler.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    var (measures, errors): ([Measure], [Double]) = ([], [])
    for memory in [70e9, 210e9] {
      for (p, g) in Self.settings {
        try conditions.next("\(p) and \(g) tokens")
        let machine = try MoELensPrediction.machine(stateMemory: memory)
        let load = try MoELensLoad(prompt: p, answer: g, requests: conditions.quick ? 10_000 : 50_000)
        let (formula, report) = (try MoELensEstimate(machine, load), try MoELensSimulation.run(machine, load))
        errors.append(100 * abs(formula.throughput / report.throughput - 1))
        measures.append(
          Measure(
            "Mixtral-8x7B on an A40, \(Int(memory / 1e9)) GB of keys, \(p) + \(g) tokens, throughput of answers, "
              + "\(report.preemptions) preemptions", unit: "tokens/s", ours: Summary([formula.throughput]),
            peer: Summary([report.throughput]), peerName: "the scheduler, simulated"))
      }
    }
    measures.append(
      Measure(
        "stage 2's distance from the simulated scheduler, mean of \(errors.count) settings", unit: "%",
        ours: Summary([errors.reduce(0, +) / Double(errors.count)]), target: .atMost(5, .ours)))
    measures.append(
      Measure(
        "stage 2's distance from the simulated scheduler, worst; it knows nothing of preemption", unit: "%",
        ours: Summary([errors.max() ?? .nan]), target: .atMost(5, .ours)))
    return measures
  }
}

import Planner
import Profiling

/// Insights into DeepSeek-V3: Scaling Challenges and Reflections on Hardware for AI Architectures, 2025, arXiv 2505.09343.
///
/// The Planner's half: the paper's tables of memory, arithmetic, decoding speed, networks and training, from configurations.
public struct DeepSeekV3: Reproduction {
  /// The sheet's number.
  public static let number = 106

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "latent attention, FP8 and LogFMT, expert routing and multi-token prediction as measured layers of the engine",
    "expert parallelism over MPI ranks with node-limited routing",
    "training with the emulated FP8 recipe, and its loss beside 16 bits",
  ]

  /// The experiment.
  public init() {}

  /// The paper's five tables.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try DeepSeekV3Prediction.predictions() }

  /// The parts that the tables are made of, against counting.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: counts")
    return [
      try Check("weights are those of the models' files") {
        let known = [
          "DeepSeek-V3": 671_026_419_200, "DeepSeek-V2": 235_741_434_880, "Mixtral-8x7B": 46_702_792_704,
        ]
        let wrong = try known.filter { try ModelCatalogue.published.entry($0.key).shape.parameters != $0.value }
        return (wrong.isEmpty, "\(known.count) models")
      },
      try Check("every port of a fat tree's switches is a link's end or an endpoint's place") {
        let sizes = [4, 16, 64, 128]
        let holds = try sizes.allSatisfy { ports in
          try [NetworkTopology.fatTree2(ports: ports), .fatTree3(ports: ports)].allSatisfy {
            let counts = try $0.counts()
            return counts.endpoints + 2 * counts.links == ports * counts.switches
          }
        }
        return (holds, "\(2 * sizes.count) trees")
      },
      try Check("a decoded token's operators read what the formula says of its state") {
        let shape = try ModelCatalogue.published.entry("DeepSeek-V3").shape
        let read = try [4000, 5000].map { past in
          shape.forward(try Workload(tokens: 1, past: past)).cost.bytesRead
        }
        let token = (read[1] - read[0]) / 1000
        return (abs(token - 2 * Double(shape.stateNumbersPerToken)) < 1e-3, "\(token) bytes")
      },
    ]
  }

  /// How much less is kept of a token than a key and a value of every head, a ratio of bytes.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let shape = try ModelCatalogue.published.entry("DeepSeek-V3").shape
    let kept = 2 * Double(shape.stateNumbersPerToken)
    let expanded = 2 * Double(shape.layers * shape.heads * (shape.queryDim + shape.valueDim))
    return [
      Measure(
        "keys and values of a token, counted", unit: "B", ours: try RunConditions.summary([kept]),
        peer: try RunConditions.summary([expanded]), peerName: "a key and a value of every head",
        ratio: RatioEstimate(ours: [kept], theirs: [expanded]), target: .atLeast(71))
    ]
  }
}

import Formats
import Planner
import Profiling
import Tensors
import Training

/// Beyond Backpropagation: Exploring Innovative Algorithms for Energy-Efficient Deep Neural Network Training, 2025, arXiv
/// 2509.19063: Forward-Forward, Cascaded Forward and Mono-Forward against backpropagation tuned as they are.
///
/// The peer is our own backpropagation over the same layers: the sheet asks for a twin.
public struct BPFreeTraining: Reproduction {
  /// The sheet's number.
  public static let number = 80

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "Cascaded Forward's optional variant with blocks trained by direct feedback alignment, and its sparsemax loss",
    "batch size and activation among what is tuned: rate, decay and each rule's own settings are",
  ]

  /// The experiment.
  public init() {}

  /// The batch of the sheet's steps.
  static let batch = 256

  /// The hidden layers of the steps that are timed.
  static func hidden(_ conditions: RunConditions) -> [Int] {
    [Int](repeating: conditions.quick ? 512 : 1024, count: 3)
  }

  /// The rules beside each other, in the order of the tables.
  static let rules: [(rule: LearningRule, title: String)] = [
    (.backpropagation, "backpropagation"), (.monoForward, "Mono-Forward"), (.forwardForward, "Forward-Forward"),
    (.cascadedForward, "Cascaded Forward"),
  ]

  /// A perceptron under a rule.
  static func network(
    _ rule: LearningRule, inputs: Int, hidden: [Int], seed: UInt64, _ context: Context,
    _ change: (inout LocalNetworkConfiguration) -> Void = { _ in }
  ) throws -> LocalNetwork {
    var configuration = LocalNetworkConfiguration(
      input: [inputs], blocks: hidden.map { .dense($0) }, classes: 10, rule: rule)
    change(&configuration)
    return try LocalNetwork(configuration, seed: seed, context: context)
  }

  /// A batch of made-up images.
  static func madeUp(_ count: Int, inputs: Int, _ context: Context) -> ImageBatch {
    var random = Random(seed: 80)
    return ImageBatch(
      images: context.uniform([count, inputs], random: &random), labels: (0..<count).map { $0 % 10 })
  }
}

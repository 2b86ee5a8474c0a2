import Costs
import NumericTypes

/// The average gain over uniform context parallelism, over models, batches and clusters as the sheet names them.
public enum ZeppelinPrediction {
  /// How long sequences of a data set are: log-normal, with a longest one.
  public struct Mix: Sendable, Hashable {
    /// What it is called.
    public var name: String
    /// The median, in tokens.
    public var median: Double
    /// The deviation of the logarithm.
    public var sigma: Double

    /// Three data sets with long tails.
    public static let all = [
      Mix(name: "short", median: 800, sigma: 1.1), Mix(name: "medium", median: 2500, sigma: 1.2),
      Mix(name: "long", median: 6000, sigma: 1.4),
    ]

    /// A batch of `tokens` tokens, the last sequence cut; none longer than `longest`.
    public func batch(tokens: Int, longest: Int, seed: UInt64) throws(PlannerError) -> [Int] {
      guard (1...1 << 26).contains(tokens), (1...1 << 26).contains(longest) else {
        throw .invalid(field: "tokens", problem: "\(tokens) tokens of at most \(longest) lie outside 1…2²⁶")
      }
      var random = Random(seed: seed, stream: 54)
      let lengths = LengthDistribution.logNormal(median: median, sigma: sigma)
      var (batch, left) = ([Int](), tokens)
      while left > 0 {
        let length = min(left, longest, max(16, lengths.next(&random)))
        batch.append(length)
        left -= length
      }
      return batch
    }
  }

  /// Tokens of a device in a batch, and those that it has room for.
  static let tokens = (mean: 4096, capacity: 8192)

  /// The models: 3 to 30 billion weights, all heads with keys of their own.
  ///
  /// - Throws: ``PlannerError``.
  public static func models() throws(PlannerError) -> [TransformerShape] {
    [
      .llama("Llama-3B", layers: 26, width: 3200, heads: 32, kvHeads: 32, feedForward: 8640, vocabulary: 32000),
      try ModelCatalogue.published.entry("Llama-2-7B").shape, try ModelCatalogue.published.entry("Llama-2-13B").shape,
      .llama("Llama-30B", layers: 60, width: 6656, heads: 52, kvHeads: 52, feedForward: 17920, vocabulary: 32000),
    ]
  }

  /// A model's nodes of a device.
  ///
  /// - Throws: ``PlannerError``.
  public static func cluster(
    _ shape: TransformerShape, nodes: Int, device name: String = "H100-SXM"
  ) throws(PlannerError) -> Zeppelin {
    let device: Device
    do { device = try DeviceCatalogue.published.device(name) } catch { throw .device(error) }
    return try Zeppelin(shape, on: device, nodes: nodes, capacity: tokens.capacity)
  }

  /// Times faster than uniform context parallelism, with all parts or some left out.
  ///
  /// - Throws: ``PlannerError``.
  public static func gain(
    _ shape: TransformerShape, _ mix: Mix, nodes: Int, device: String = "H100-SXM",
    parts: Zeppelin.Parts = Zeppelin.Parts(),
    seed: UInt64 = 0
  ) throws(PlannerError) -> Double {
    let cluster = try cluster(shape, nodes: nodes, device: device)
    // The longest are of a fifth of the batch.
    let all = cluster.devices * tokens.mean
    let lengths = try mix.batch(tokens: all, longest: min(1 << 17, all / 2), seed: seed)
    return try cluster.stepSeconds(lengths, parts: .uniform) / cluster.stepSeconds(lengths, parts: parts)
  }

  /// The mean gain of the smallest and the largest model and all mixes on 2 to 16 nodes of eight H100 and of eight A100. The plain
  /// column is the same without anything that the links take: one, since uniform context parallelism balances perfectly.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let all = try models()
    var gains: [Double] = []
    for device in ["H100-SXM", "A100-SXM-80GB"] {
      for shape in [all[0], all[3]] {
        for mix in Mix.all {
          for nodes in [2, 4, 8, 16] { gains.append(try gain(shape, mix, nodes: nodes, device: device)) }
        }
      }
    }
    return [
      Prediction(
        of: Published(
          "times faster than others, on average", Figure(2.80, source: "arXiv 2509.21841, abstract", date: "2025-09"),
          verified: true), predicted: gains.reduce(0, +) / Double(gains.count), plainRoofline: 1, limit: 1.0 / 2.8,
        heldOut: true)
    ]
  }
}

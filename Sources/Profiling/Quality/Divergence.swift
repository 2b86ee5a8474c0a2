import Models
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How far one computation of a model is from another on a text: the mean of KL(reference ‖ model) over the positions that
/// ``TextScore`` scores.
public struct Divergence: Sendable, Equatable {
  /// The mean divergence, in nats.
  public var kl: Double
  /// The largest divergence of a position.
  public var maximum: Double
  /// The share of positions where both have the same likeliest token.
  public var sameTop: Double
  /// The number of positions.
  public var positions: Int
  /// The model's perplexity on the text.
  public var perplexity: Double
  /// The reference's perplexity on the text.
  public var referencePerplexity: Double

  /// Compares two models on a text.
  ///
  /// - Parameters: as for ``TextScore``; `context` computes the comparison.
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)``; what the models throw.
  public init(
    _ tokens: [Int32], beginning: Int32?, reference: any LanguageModel, model: any LanguageModel, context: Context,
    limit: Int = .max, report: (Int, Double) -> Void = { _, _ in }
  ) throws {
    let sizes = (reference.description.vocabularySize, model.description.vocabularySize)
    guard sizes.0 == sizes.1 else {
      throw ProfilingError.invalidSetting(field: "models", problem: "vocabularies of \(sizes.0) and \(sizes.1) tokens")
    }
    var sum = (kl: 0.0, own: 0.0, theirs: 0.0, same: 0, positions: 0)
    var worst = 0.0
    let windows = try TextScore.windows(tokens, beginning: beginning, limit: limit)
    for (number, window) in windows.enumerated() {
      try TextScore.visit(window, [reference, model]) { logits, next in
        var rows = [Position](repeating: Position(), count: next.count)
        rows.withUnsafeMutableBufferPointer { rows in
          nonisolated(unsafe) let rows = rows
          context.workers.run(next.count) { row, _ in
            rows[row] = Position(logits[0].row(row), logits[1].row(row), next: Int(next[row]))
          }
        }
        for row in rows {
          sum.kl += row.kl
          sum.own += row.own
          sum.theirs += row.theirs
          sum.same += row.hasSameTop ? 1 : 0
          worst = max(worst, row.kl)
        }
        sum.positions += rows.count
      }
      report(number + 1, sum.kl / Double(sum.positions))
    }
    let count = Double(sum.positions)
    kl = sum.kl / count
    maximum = worst
    sameTop = Double(sum.same) / count
    positions = sum.positions
    perplexity = exp(sum.own / count)
    referencePerplexity = exp(sum.theirs / count)
  }

  /// One position.
  struct Position {
    var kl = 0.0
    /// The negative log-probability of the token that follows.
    var own = 0.0
    var theirs = 0.0
    var hasSameTop = false

    init() {}

    init(_ reference: UnsafeBufferPointer<Float>, _ model: UnsafeBufferPointer<Float>, next: Int) {
      let sums = (TextScore.logSum(reference), TextScore.logSum(model))
      var tops = (0, 0)
      for id in reference.indices {
        let p = Double(reference[id]) - sums.0
        let q = Double(model[id]) - sums.1
        kl += exp(p) * (p - q)
        if reference[id] > reference[tops.0] { tops.0 = id }
        if model[id] > model[tops.1] { tops.1 = id }
      }
      own = sums.1 - Double(model[next])
      theirs = sums.0 - Double(reference[next])
      hasSameTop = tops.0 == tops.1
    }
  }
}

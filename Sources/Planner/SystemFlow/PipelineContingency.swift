/// Messages a second by what they are and what becomes of them.
public struct PipelineContingency: Sendable, Hashable {
  /// Negatives that are rejected.
  public var trueNegative: Double
  /// Positives that are rejected.
  public var falseNegative: Double
  /// Negatives that go on.
  public var falsePositive: Double
  /// Positives that go on.
  public var truePositive: Double

  /// A table.
  public init(
    trueNegative: Double = 0, falseNegative: Double = 0, falsePositive: Double = 0, truePositive: Double = 0
  ) {
    self.trueNegative = trueNegative
    self.falseNegative = falseNegative
    self.falsePositive = falsePositive
    self.truePositive = truePositive
  }

  /// What goes on.
  public var passed: Double { falsePositive + truePositive }
  /// What is rejected.
  public var rejected: Double { trueNegative + falseNegative }
  /// The part of what goes on that matters; 0 of nothing.
  public var precision: Double { passed > 0 ? truePositive / passed : 0 }
  /// The part of what matters that goes on; 0 of nothing.
  public var recall: Double {
    truePositive + falseNegative > 0 ? truePositive / (truePositive + falseNegative) : 0
  }
  /// The harmonic mean of both.
  public var f1: Double {
    let sum = 2 * truePositive + falsePositive + falseNegative
    return sum > 0 ? 2 * truePositive / sum : 0
  }
}

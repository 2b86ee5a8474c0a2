import Models

/// How many prompt tokens fit into a step of a given length, learnt from how long steps take.
///
/// A token costs one unit and more with what lies before it, as attention reads all of that. Seconds for each unit are
/// measured, so a step comes out at the target whatever the model, the machine and the depth; how a prompt is cut changes
/// no bit of what is computed.
package struct StepBudget {
  /// The length that a step should have, in seconds.
  package let target: Double
  /// What a token costs for each token before it.
  package let perDepth: Double
  private var secondsPerUnit: Double?

  /// Prompt tokens that a step takes however long they take: a few more cost little beside the weights that are read.
  package static let leastTokens = 16
  /// Prompt tokens from which on products are as fast as they get; a prompt that is alone gets as many in any case.
  static let fullTokens = 128
  /// What a first step takes, before anything is measured.
  private static let firstUnits = 64.0

  /// A budget that has seen no step.
  package init(target: Double, perDepth: Double) { (self.target, self.perDepth) = (target, perDepth) }

  /// A budget of a model that has seen no step.
  package init(target: Double, model: ModelDescription) {
    // A product with each key and each value against one with each weight; those of attention are in f32 and take about
    // three times as long as those of 8-bit numbers.
    let attention = 3 * 2 * Double(model.layers) * Double(model.heads) * Double(model.headDim)
    let isKnown = model.stateBytesPerToken > 0 && model.parameters > 0
    self.init(target: target, perDepth: isKnown ? attention / Double(model.parameters) : 0)
  }

  /// What tokens cost that come after `depth` others.
  package func units(_ tokens: Int, after depth: Int) -> Double {
    Double(tokens) * (1 + perDepth * (Double(depth) + Double(tokens) / 2))
  }

  /// The units of one step.
  package var units: Double { secondsPerUnit.map { target / $0 } ?? Self.firstUnits }

  /// The tokens after `depth` others that `units` pay for, at most `limit`.
  package func tokens(for units: Double, after depth: Int, limit: Int) -> Int {
    if units <= 0 { return 0 }
    // What n tokens cost, n · (1 + w · (depth + n / 2)), solved for n.
    let first = 1 + perDepth * Double(depth)
    let count = perDepth > 0 ? ((first * first + 2 * perDepth * units).squareRoot() - first) / perDepth : units
    return count >= Double(limit) ? limit : Int(count)
  }

  /// Learns what a step took.
  package mutating func learn(units: Double, seconds: Double) {
    // A step of few tokens mostly reads weights, and says nothing of what more would cost.
    guard units >= Double(Self.leastTokens), seconds > 0 else { return }
    let measured = seconds / units
    secondsPerUnit = secondsPerUnit.map { 0.6 * $0 + 0.4 * measured } ?? measured
  }
}

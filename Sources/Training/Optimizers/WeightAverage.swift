import NumericTypes
import Tensors

/// A mean of the weights over the steps of training, which often is the better model.
///
/// ```swift
/// let average = try WeightAverage(of: parameters, .exponential(decay: 0.999), context: context)
/// // after each step: average.update()
/// try average.withAverages { try evaluate(model) }
/// ```
public final class WeightAverage {
  /// Which mean.
  public enum Kind: Sendable, Equatable {
    /// a ← decay · a + (1 - decay) w (Polyak, Juditsky: Acceleration of stochastic approximation by averaging, 1992). With
    /// `warmsUp` the decay is at most (1 + n) / (10 + n) after n updates.
    case exponential(decay: Double, warmsUp: Bool = false)
    /// The plain mean of all updates: stochastic weight averaging
    /// (Izmailov et al.: Averaging weights leads to wider optima and better generalization, 2018).
    case equal
  }

  /// Which mean.
  public let kind: Kind
  /// The number of updates so far; the first one takes the weights over.
  public private(set) var updateCount = 0
  private let context: Context
  private let parameters: [Parameter]
  private let means: [Tensor]

  /// A mean of `parameters`, f32, which begins as they are.
  ///
  /// - Throws: ``OptimizerError`` for a decay outside [0, 1], and parameters that are not contiguous f32 or bf16 in memory
  ///   of their own.
  public init(of parameters: [Parameter], _ kind: Kind, context: Context) throws(OptimizerError) {
    if case .exponential(let decay, _) = kind { try check("WeightAverage.decay", decay, .part) }
    try Parameter.check(parameters)
    self.kind = kind
    self.context = context
    self.parameters = parameters
    means = parameters.map { context.floatCopy($0.value) }
  }

  /// Takes the weights as they are now into the mean.
  public func update() {
    let share =
      switch kind {
      case .exponential(let decay, false): 1 - decay
      case .exponential(let decay, true): 1 - min(decay, Double(1 + updateCount) / Double(10 + updateCount))
      case .equal: 1 / Double(updateCount + 1)
      }
    for (parameter, mean) in zip(parameters, means) {
      let weights = context.cast(parameter.value, to: .f32)
      if updateCount == 0 { context.copy(weights, over: mean) } else { context.approach(weights, by: share, mean) }
    }
    updateCount += 1
  }

  /// The mean of each parameter by name, f32: the average's own memory, changed by the next update.
  public var averages: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: zip(parameters.map(\.name), means))
  }

  /// Runs `body` with the means in the parameters' places, and puts the weights back.
  public func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
    let saved = parameters.map { context.copy($0.value) }
    defer { for (old, parameter) in zip(saved, parameters) { context.copy(old, over: parameter.value) } }
    for (parameter, mean) in zip(parameters, means) {
      context.copy(context.cast(mean, to: parameter.value.dtype), over: parameter.value)
    }
    return try body()
  }

  private var entries: [(name: String, tensor: Tensor)] {
    zip(parameters, means).map { ("\($0.name).average", $1) }
  }

  /// All that a later process needs to go on, `updates` (i64) among it; the average's own memory.
  public var state: [String: Tensor] {
    var all = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.tensor) })
    all["updates"] = savedCount(updateCount, context)
    return all
  }

  /// Takes over a saved state.
  ///
  /// - Throws: ``OptimizerError`` naming an entry that is missing, unknown, or of another shape or type; nothing is taken
  ///   over then.
  public func load(_ state: [String: Tensor]) throws(OptimizerError) {
    let count = try checkState(state, entries, count: "updates")
    for (name, tensor) in entries {
      if let saved = state[name] { context.copy(context.contiguous(saved), over: tensor) }
    }
    updateCount = count
  }
}

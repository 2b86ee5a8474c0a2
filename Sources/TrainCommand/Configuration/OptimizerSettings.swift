import ConfigurationFiles
import Tensors
import Training

/// What changes the weights, and how fast.
package struct OptimizerSettings: Sendable {
  /// The methods, by the names that the file has for them.
  static let kinds = [
    "sgd", "adam", "adamw", "nadamw", "lion", "rmsprop", "adagrad", "adafactor", "lamb", "muon", "shampoo",
    "schedule-free-adamw",
  ]

  /// The highest rate.
  package var rate: Double
  /// The radius of sharpness-aware steps; 0 for plain ones.
  package var sharpness: Double
  /// The method for matrices and what has more axes.
  private var rule: any UpdateRule
  /// The method for vectors: biases and norms, which do not decay.
  private var vectorRule: any UpdateRule
  /// What the rate of vectors is multiplied by.
  private var vectorScale: Double
  /// The beginnings of names of parameters that stay as they are.
  private var frozen: [String]

  /// Reads the section.
  ///
  /// - Throws: ``ConfigurationError``.
  package init(_ section: ConfigurationFields) throws(ConfigurationError) {
    var fields = section
    let kind = try fields.choice("kind", Self.kinds, default: "adamw")
    rate = try fields.number("rate", 0...1e6)
    sharpness = try fields.number("sharpness", 0...1e6, default: 0)
    let decaysVectors = try fields.isOn("decayVectors", default: false)
    frozen = fields.path.isEmpty ? [] : try fields.value("frozen") == nil ? [] : fields.texts("frozen")
    vectorScale = 1
    rule = try Self.rule(kind, &fields)
    vectorRule = rule
    if kind == "muon" || kind == "shampoo" {
      // Both are made for matrices; what is none takes Adam's steps, which want a smaller rate.
      vectorScale = try fields.number("vectorRate", 0...1e6, default: rate) / (rate > 0 ? rate : 1)
      vectorRule = AdamW(weightDecay: 0)
    } else if !decaysVectors {
      vectorRule = Self.withoutDecay(rule)
    }
    try fields.finish()
    do throws(OptimizerError) { try rule.validate() } catch {
      throw .invalid(field: section.name("kind"), value: kind, expected: "settings of which it does not say: \(error)")
    }
  }

  private static func rule(
    _ kind: String, _ fields: inout ConfigurationFields
  ) throws(ConfigurationError) -> any UpdateRule {
    func share(_ name: String, _ standard: Double) throws(ConfigurationError) -> Double {
      try fields.number(name, 0...1, default: standard)
    }
    func amount(_ name: String, _ standard: Double) throws(ConfigurationError) -> Double {
      try fields.number(name, 0...1e6, default: standard)
    }
    switch kind {
    case "sgd":
      return SGD(
        momentum: try share("momentum", 0), nesterov: try fields.isOn("nesterov", default: false),
        weightDecay: try amount("weightDecay", 0))
    case "adam":
      return Adam(
        beta1: try share("beta1", 0.9), beta2: try share("beta2", 0.999), epsilon: try amount("epsilon", 1e-8),
        weightDecay: try amount("weightDecay", 0))
    case "nadamw":
      return NAdamW(
        beta1: try share("beta1", 0.9), beta2: try share("beta2", 0.999), epsilon: try amount("epsilon", 1e-8),
        weightDecay: try amount("weightDecay", 0.01))
    case "lion":
      return Lion(
        beta1: try share("beta1", 0.9), beta2: try share("beta2", 0.99), weightDecay: try amount("weightDecay", 0))
    case "rmsprop":
      return RMSprop(
        smoothing: try share("smoothing", 0.99), epsilon: try amount("epsilon", 1e-8),
        momentum: try share("momentum", 0), weightDecay: try amount("weightDecay", 0))
    case "adagrad":
      return Adagrad(epsilon: try amount("epsilon", 1e-10), weightDecay: try amount("weightDecay", 0))
    case "adafactor": return Adafactor(weightDecay: try amount("weightDecay", 0))
    case "lamb":
      return LAMB(
        beta1: try share("beta1", 0.9), beta2: try share("beta2", 0.999), epsilon: try amount("epsilon", 1e-6),
        weightDecay: try amount("weightDecay", 0.01))
    case "muon":
      return Muon(momentum: try share("momentum", 0.95), weightDecay: try amount("weightDecay", 0.1))
    case "shampoo":
      return Shampoo(
        momentum: try share("momentum", 0.9), beta2: try share("beta2", 0.999), epsilon: try amount("epsilon", 1e-6),
        weightDecay: try amount("weightDecay", 0))
    case "schedule-free-adamw":
      return ScheduleFreeAdamW(
        beta1: try share("beta1", 0.9), beta2: try share("beta2", 0.999), epsilon: try amount("epsilon", 1e-8),
        weightDecay: try amount("weightDecay", 0))
    default:
      return AdamW(
        beta1: try share("beta1", 0.9), beta2: try share("beta2", 0.999), epsilon: try amount("epsilon", 1e-8),
        weightDecay: try amount("weightDecay", 0.01))
    }
  }

  private static func withoutDecay(_ rule: any UpdateRule) -> any UpdateRule {
    guard var rule = rule as? any WeightDecayingRule else { return rule }
    rule.weightDecay = 0
    return rule
  }

  /// The optimizer of a model's parameters, whose rates are multiplied by `factor`.
  ///
  /// - Throws: `OptimizerError`; ``ConfigurationError`` for names of frozen parameters that there are none of.
  package func optimizer(
    _ parameters: [Parameter], rateFactor factor: (String) -> Double = { _ in 1 }, context: Context
  ) throws -> any Optimizer {
    for start in frozen where !parameters.contains(where: { $0.name.hasPrefix(start) }) {
      throw ConfigurationError.invalid(
        field: "optimizer.frozen", value: start, expected: "the beginning of a parameter's name")
    }
    func isFrozen(_ parameter: Parameter) -> Bool { frozen.contains { parameter.name.hasPrefix($0) } }
    let free = parameters.filter { !isFrozen($0) }
    var groups = [ParameterGroup("frozen", parameters.filter(isFrozen), rule: rule, isFrozen: true)]
    for (factor, own) in Dictionary(grouping: free, by: { factor($0.name) }).sorted(by: { $0.key < $1.key }) {
      let rate = factor == 1 ? "" : ", rate times \(factor)"
      groups += [
        ParameterGroup("matrices\(rate)", own.filter { $0.value.shape.rank > 1 }, rule: rule, rateScale: factor),
        ParameterGroup(
          "vectors\(rate)", own.filter { $0.value.shape.rank < 2 }, rule: vectorRule, rateScale: vectorScale * factor),
      ]
    }
    let optimizer = try GroupOptimizer(groups.filter { !$0.parameters.isEmpty }, context: context)
    return sharpness > 0 ? try SharpnessAware(optimizer, radius: sharpness, context: context) : optimizer
  }
}

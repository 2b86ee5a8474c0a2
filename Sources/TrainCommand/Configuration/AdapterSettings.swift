import ConfigurationFiles
import Formats
import Training

/// The methods of a run that trains adapters of a frozen model.
package struct AdapterSettings: Sendable, Equatable {
  static let methods = [
    "lora", "rslora", "lora+", "dora", "dora-exact", "vera", "adalora", "ia3", "ssf", "bitfit", "fisher", "serial",
    "parallel", "mam", "ladder", "prefix", "prompt",
  ]

  /// The methods, AdaLoRA's budget for a run of one step.
  private var adapters: [AdapterConfiguration] = []
  /// Whether the frozen model is kept in 4 bits.
  package private(set) var packsBase = false
  /// The turns in which LoRA's beginning beside a model in 4 bits is looked for; 0 for none.
  package private(set) var loftQ = 0
  /// The rows of tokens that methods look at before they train.
  package private(set) var examples = 0
  /// AdaLoRA's shares of the run.
  private var warmUp = 0.1
  private var final = 0.33

  /// Reads a section, or a list of sections whose methods are combined.
  ///
  /// - Throws: ``ConfigurationError``.
  package init(_ value: JSON) throws(ConfigurationError) {
    let sections = value.elements ?? [value]
    for (index, section) in sections.enumerated() {
      try add(ConfigurationFields(section, path: value.elements == nil ? "peft" : "peft[\(index)]"))
    }
    if sections.isEmpty { throw .invalid(field: "peft", value: "[]", expected: "at least one method") }
  }

  private mutating func add(_ section: ConfigurationFields) throws(ConfigurationError) {
    var fields = section
    let name = try fields.choice("method", Self.methods)
    let base = try fields.choice("base", ["as-is", "nf4"], default: "as-is")
    packsBase = packsBase || base == "nf4"
    let first = try fields.whole("firstLayer", 0...1023, default: 0)
    var targets: Set<LinearRole>?
    var sublayers: Set<Sublayer>?
    let method: AdapterConfiguration.Method
    switch name {
    case "lora", "rslora", "lora+", "dora", "dora-exact", "vera", "adalora":
      targets = try Self.targets(&fields)
      method = try lowRank(name, &fields)
    case "ia3":
      targets = try Self.targets(&fields)
      method = .ia3
    case "ssf", "bitfit":
      targets = try Self.targets(&fields)
      method = name == "ssf" ? .ssf : .bitFit
    case "fisher":
      targets = try Self.targets(&fields)
      method = .fisher(share: try fields.number("share", 1e-9...1, default: 0.005))
      examples = try fields.whole("examples", 1...1 << 16, default: 32)
    case "serial":
      sublayers = try Self.sublayers(&fields)
      method = .serial(width: try fields.whole("width", 1...1 << 16, default: 32))
    case "parallel":
      sublayers = try Self.sublayers(&fields)
      method = .parallel(
        width: try fields.whole("width", 1...1 << 16, default: 32),
        scale: try fields.number("scale", -1e6...1e6, default: 4))
    case "mam":
      adapters += AdapterConfiguration.mam(
        prefix: try fields.whole("count", 0...1 << 14, default: 16),
        width: try fields.whole("width", 1...1 << 16, default: 32),
        scale: try fields.number("scale", -1e6...1e6, default: 4)
      ).map { AdapterConfiguration($0.method, sublayers: $0.sublayers, firstBlock: first) }
      return try fields.finish()
    case "ladder":
      method = .ladder(
        width: try fields.whole("width", 2...1 << 16, default: 64),
        every: try fields.whole("every", 1...1024, default: 1))
    case "prefix":
      method = .prefix(
        count: try fields.whole("count", 0...1 << 14, default: 16),
        inner: try fields.wholeIfPresent("inner", 1...1 << 14))
    default: method = .prompt(count: try fields.whole("count", 0...1 << 14, default: 16))
    }
    adapters.append(AdapterConfiguration(method, targets: targets, sublayers: sublayers, firstBlock: first))
    try fields.finish()
  }

  private mutating func lowRank(
    _ name: String, _ fields: inout ConfigurationFields
  ) throws(ConfigurationError) -> AdapterConfiguration.Method {
    if name == "vera" {
      return .vera(
        rank: try fields.whole("rank", 1...1 << 16, default: 256),
        initial: try fields.number("initial", -1e6...1e6, default: 0.1))
    }
    let rank = try fields.whole("rank", 1...1 << 16, default: name == "adalora" ? 12 : 8)
    let alpha = try fields.number("alpha", 1e-6...1e6, default: 2 * Double(rank))
    switch name {
    case "dora", "dora-exact": return .dora(rank: rank, alpha: alpha, isExact: name == "dora-exact")
    case "adalora":
      var budget = AdaLoRABudget(
        rank: rank, finalRank: try fields.whole("finalRank", 1...rank, default: max(1, 2 * rank / 3)), steps: 1)
      budget.every = try fields.whole("every", 1...1 << 30, default: 10)
      budget.penalty = try fields.number("penalty", 0...1e6, default: 0.1)
      warmUp = try fields.number("warmUp", 0...1, default: 0.1)
      final = try fields.number("final", 0...1, default: 0.33)
      return .adaLoRA(budget, alpha: alpha)
    default:
      loftQ = try fields.whole("loftq", 0...64, default: 0)
      if loftQ > 0, !packsBase {
        throw .invalid(field: fields.name("loftq"), value: "\(loftQ)", expected: "0 where base is not nf4")
      }
      return .lora(
        rank: rank, alpha: alpha, isStabilized: name == "rslora",
        rateFactor: try fields.number("rateFactor", 1e-6...1e6, default: name == "lora+" ? 16 : 1),
        dropout: try fields.number("dropout", 0...0.99, default: 0))
    }
  }

  private static func targets(_ fields: inout ConfigurationFields) throws(ConfigurationError) -> Set<LinearRole>? {
    guard fields.value("targets") != nil else { return nil }
    let names = try fields.texts("targets")
    if names == ["all"] { return Set(LinearRole.allCases) }
    var targets: Set<LinearRole> = []
    for name in names {
      guard let role = LinearRole(rawValue: name) else {
        throw .invalid(
          field: fields.name("targets"), value: name,
          expected: "all, or some of \(LinearRole.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      targets.insert(role)
    }
    return targets
  }

  private static func sublayers(_ fields: inout ConfigurationFields) throws(ConfigurationError) -> Set<Sublayer>? {
    guard fields.value("after") != nil else { return nil }
    var sublayers: Set<Sublayer> = []
    for name in try fields.texts("after") {
      guard let sublayer = Sublayer(rawValue: name) else {
        throw .invalid(
          field: fields.name("after"), value: name,
          expected: "some of \(Sublayer.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      sublayers.insert(sublayer)
    }
    return sublayers
  }

  /// Whether what is trained depends on the number of steps.
  package var dependsOnLength: Bool {
    adapters.contains { if case .adaLoRA = $0.method { true } else { false } }
  }

  /// Rows of tokens that prompts put before each sequence.
  package var promptCount: Int {
    adapters.reduce(0) { if case .prompt(let count) = $1.method { $0 + count } else { $0 } }
  }

  /// The methods in a run of `steps` steps.
  package func adapters(steps: Int) -> [AdapterConfiguration] {
    adapters.map { adapter in
      guard case .adaLoRA(var budget, let alpha) = adapter.method else { return adapter }
      budget.steps = steps
      budget.warmUp = Int(warmUp * Double(steps))
      budget.final = min(steps - budget.warmUp, Int(final * Double(steps)))
      var adapter = adapter
      adapter.method = .adaLoRA(budget, alpha: alpha)
      return adapter
    }
  }
}

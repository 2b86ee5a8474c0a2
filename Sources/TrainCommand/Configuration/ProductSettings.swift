import ConfigurationFiles
import Training

/// How linear layers multiply: plainly, keeping sampled rows, or by 4-bit floats.
package enum ProductSettings: Sendable, Equatable {
  case plain
  case sampled(WTACRSOptions)
  case fp4(FP4Recipe)

  /// Reads the sections `wtaCRS` and `fp4`, of which there is at most one.
  ///
  /// - Throws: ``ConfigurationError``.
  package init(_ fields: inout ConfigurationFields) throws(ConfigurationError) {
    let sampled = try fields.sectionIfPresent("wtaCRS")
    let fp4 = try fields.sectionIfPresent("fp4")
    if let sampled {
      if fp4 != nil {
        throw .invalid(field: "fp4", value: "a section", expected: "nothing where there is wtaCRS")
      }
      self = .sampled(try Self.sampled(sampled))
    } else if let fp4 {
      self = .fp4(try Self.fp4(fp4))
    } else {
      self = .plain
    }
  }

  private static func sampled(_ section: ConfigurationFields) throws(ConfigurationError) -> WTACRSOptions {
    var fields = section
    var options = WTACRSOptions()
    options.ratio = try fields.number("ratio", 1e-6...1, default: options.ratio)
    options.least = try fields.whole("least", 1...1 << 30, default: options.least)
    let estimator = try fields.choice(
      "estimator", ["winner-take-all", "column-row", "heaviest"], default: "winner-take-all")
    options.estimator =
      estimator == "winner-take-all" ? .winnerTakeAll : estimator == "column-row" ? .columnRow : .heaviest
    options.leavesTail = try fields.isOn("leaveTail", default: options.leavesTail)
    let cache = try fields.choice(
      "cache", WTACRSOptions.NormCache.allCases.map(\.rawValue), default: options.cache.rawValue)
    options.cache = WTACRSOptions.NormCache(rawValue: cache) ?? options.cache
    options.floor = try fields.number("floor", 0...1, default: options.floor)
    options.storage = try fields.choice("storage", ["f32", "bf16"], default: "f32") == "bf16" ? .bf16 : .f32
    options.layers = try fields.textsIfPresent("layers")
    options.exactLayers = try fields.textsIfPresent("exactLayers")
    try fields.finish()
    return options
  }

  private static func fp4(_ section: ConfigurationFields) throws(ConfigurationError) -> FP4Recipe {
    var fields = section
    func word<Value: RawRepresentable & CaseIterable>(
      _ fields: inout ConfigurationFields, _ name: String, _ standard: Value
    ) throws(ConfigurationError) -> Value where Value.RawValue == String {
      let word = try fields.choice(name, Value.allCases.map(\.rawValue), default: standard.rawValue)
      return Value(rawValue: word) ?? standard
    }
    let scale = try word(&fields, "scale", FP4Scale.ue5m3)
    var format = FP4Format(scale: scale, block: scale == .e8m0 ? 32 : 16)
    format.block = try fields.whole("block", 16...32, default: format.block)
    format.scaleRounding = try word(&fields, "scaleRounding", .standard)
    format.hasTensorScale = try fields.isOn("tensorScale", default: false)
    var recipe = FP4Recipe(format)
    recipe.activations = try word(&fields, "activations", .nearest)
    recipe.weights = try word(&fields, "weights", .nearest)
    recipe.gradients = try word(&fields, "gradients", .stochastic)
    recipe.lossScale = Float(try fields.number("lossScale", 0x1p-64...0x1p64, default: 1))
    recipe.outliers = try fields.number("outliers", 0...0.1, default: 0)
    recipe.exactLayers = try fields.textsIfPresent("exactLayers")
    if var hadamard = try fields.sectionIfPresent("hadamard") {
      recipe.hadamardBlock = try hadamard.whole("block", 2...4096, default: recipe.hadamardBlock)
      recipe.redrawsSigns = try hadamard.isOn("redraw", default: true)
      let products: [(String, FP4Recipe.Turned)] = [
        ("forward", .forward), ("inputGradient", .inputGradient), ("weightGradient", .weightGradient),
      ]
      for (name, product) in products where try hadamard.isOn(name, default: true) { recipe.turned.insert(product) }
      try hadamard.finish()
    }
    if var estimator = try fields.sectionIfPresent("estimator") {
      recipe.gradient = FP4Gradient(try Self.estimator(&estimator), scale: try word(&estimator, "scale", .none))
      try estimator.finish()
    }
    try fields.finish()
    do throws(DataError) { try recipe.validate() } catch {
      guard case .invalidOption(let field, let value, let expected) = error else {
        throw .invalid(field: fields.path, value: "\(error)", expected: "a recipe")
      }
      throw .invalid(field: fields.name(field), value: value, expected: expected)
    }
    return recipe
  }

  private static func estimator(
    _ fields: inout ConfigurationFields
  ) throws(ConfigurationError) -> GradientEstimator {
    switch try fields.choice(
      "kind", ["straight-through", "clipped", "power", "linear", "spline"], default: "straight-through")
    {
    case "clipped": .clipped
    case "power":
      .power(
        exponent: Float(try fields.number("exponent", 1...100, default: 5)),
        cap: Float(try fields.number("cap", 1e-3...1000, default: 3)))
    case "linear": .linear(width: Float(try fields.number("width", 1e-3...1, default: 0.5)))
    case "spline": .spline
    default: .straightThrough
    }
  }
}

extension ConfigurationFields {
  /// Words; none where the field is not there.
  fileprivate mutating func textsIfPresent(_ field: String) throws(ConfigurationError) -> [String] {
    value(field) == nil ? [] : try texts(field)
  }
}

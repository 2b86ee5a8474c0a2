import Formats
import Layers
import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension HuggingFaceDecoder {
  private static let factors = 1e-6...1e6

  /// Sets how heads turn: the base, the values that turn, and the scaling of frequencies in GGUF's words, which has weights
  /// for some of them.
  ///
  /// The names are those of `rope_parameters` where there is such an object (transformers 5), else of `rope_theta` and
  /// `rope_scaling`, and `shareKey` for the part of a head that turns, `share` where nothing says it, unless it is `rotated`. Dynamic scaling
  /// begins beyond the context length, which sequences never leave here.
  ///
  /// - Throws: ``/Formats/FormatError`` naming the key.
  func setRotation(
    _ result: inout HuggingFaceTranslation, rotated: Int? = nil, shareKey: String? = nil, share: Double = 1,
    part: String? = nil, base: Double = 10_000
  ) throws {
    var parameters = try config.objectIfPresent("rope_parameters")
    if let part, let own = try parameters?.objectIfPresent(part) { parameters = own }
    let shares = 1e-3...1.0
    let turningShare =
      try parameters?.doubleIfPresent("partial_rotary_factor", in: shares)
      ?? config.doubleIfPresent(shareKey ?? "partial_rotary_factor", in: shares) ?? share
    let turning = rotated ?? Int(Double(headDim) * turningShare)
    guard turning >= 2, turning.isMultiple(of: 2) else {
      throw config.invalid("head_dim", "an even number of values that turn, found \(turning)")
    }
    let scaling = try parameters ?? config.objectIfPresent("rope_scaling")
    let theta =
      try parameters?.doubleIfPresent("rope_theta", in: 1...1e12) ?? config.doubleIfPresent("rope_theta", in: 1...1e12)
      ?? base
    result.set(key("rope.dimension_count"), turning)
    result.set(key("rope.freq_base"), theta)
    guard let scaling else { return }
    let name = scaling["rope_type"] == nil ? "type" : "rope_type"
    func factor(_ key: String) throws -> Double { try scaling.double(key, in: Self.factors) }
    switch try scaling.stringIfPresent(name) ?? "default" {
    case "default", "dynamic": break
    case "linear":
      result.set(key("rope.scaling.type"), .string("linear"))
      result.set(key("rope.scaling.factor"), try factor("factor"))
    case "llama3":
      let rule = RotaryScaling.llama3(
        factor: try factor("factor"), low: try factor("low_freq_factor"), high: try factor("high_freq_factor"),
        length: Double(try scaling.int("original_max_position_embeddings", in: 1...1 << 24)))
      let plain = RotaryScaling.none.frequencies(rotated: turning, base: theta)
      let scaled = rule.frequencies(rotated: turning, base: theta)
      result.add("rope_freqs.weight", zip(plain, scaled).map { Float($0 / $1) })
    case "yarn": try setYarn(scaling, &result)
    case "longrope", "su": try setLongRoPE(scaling, pairs: turning / 2, &result)
    default: throw scaling.invalid(name, "default, linear, dynamic, llama3, yarn or longrope")
    }
  }

  private func setYarn(_ scaling: HuggingFaceConfiguration, _ result: inout HuggingFaceTranslation) throws {
    let factor = try scaling.double("factor", in: Self.factors)
    let original =
      try scaling.intIfPresent("original_max_position_embeddings", in: 1...1 << 24) ?? contextLength
    result.set(key("rope.scaling.type"), .string("yarn"))
    result.set(key("rope.scaling.factor"), factor)
    result.set(key("rope.scaling.original_context_length"), original)
    for (source, name) in [("beta_fast", "yarn_beta_fast"), ("beta_slow", "yarn_beta_slow")] {
      if let value = try scaling.doubleIfPresent(source, in: Self.factors) {
        result.set(key("rope.scaling.\(name)"), value)
      }
    }
    guard try scaling.boolIfPresent("truncate") != false else { throw scaling.invalid("truncate", "true") }
    // GGUF's factor goes on top of the paper's.
    if let magnitude = try scaling.doubleIfPresent("attention_factor", in: Self.factors) {
      result.set(key("rope.scaling.attn_factor"), magnitude / RotaryScaling.yarnMagnitude(factor: factor))
    }
  }

  private func setLongRoPE(
    _ scaling: HuggingFaceConfiguration, pairs: Int, _ result: inout HuggingFaceTranslation
  ) throws {
    let limit = 1...1 << 24
    let original =
      try scaling.intIfPresent("original_max_position_embeddings", in: limit)
      ?? config.intIfPresent("original_max_position_embeddings", in: limit) ?? contextLength
    let factor = Double(contextLength) / Double(original)
    var magnitude = 1.0
    if let own = try scaling.doubleIfPresent("attention_factor", in: Self.factors) {
      magnitude = own
    } else if factor > 1, original > 1 {
      magnitude = (1 + log(factor) / log(Double(original))).squareRoot()
    }
    result.set(key("rope.scaling.type"), .string("longrope"))
    result.set(key("rope.scaling.original_context_length"), original)
    result.set(key("rope.scaling.attn_factor"), magnitude)
    for (source, name) in [("long_factor", "rope_factors_long.weight"), ("short_factor", "rope_factors_short.weight")] {
      let values = try scaling.listIfPresent(source)?.compactMap(\.double).filter(Self.factors.contains) ?? []
      guard values.count == pairs, try scaling.listIfPresent(source)?.count == pairs else {
        throw scaling.invalid(source, "\(pairs) numbers from 1e-6 to 1e6")
      }
      result.add(name, values.map { Float($0) })
    }
  }
}

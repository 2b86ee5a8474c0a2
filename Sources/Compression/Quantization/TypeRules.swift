import Formats
import Models
import NumericTypes

/// The types that a recipe gives to the weights of one model.
struct TypeRules {
  private let options: QuantizationOptions
  private let overrides: [(Regex<AnyRegexOutput>, DType)]
  private let layers: Int
  private let experts: Int
  /// Query heads to a key head.
  private let group: Int
  private let isFalcon: Bool
  private let isTied: Bool
  /// For each tensor that makes values, its place among them.
  private let valueRank: [String: Int]

  init(_ checkpoint: Checkpoint, options: QuantizationOptions) throws {
    self.options = options
    overrides = try options.overrides.map { item in
      _ = try RowEncoder(item.dtype)
      do { return (try Regex(item.pattern), item.dtype) } catch {
        throw CompressionError.invalidOption(field: "tensor-type '\(item.pattern)'", problem: "no regular expression")
      }
    }
    let architecture = try checkpoint.stringIfPresent("general.architecture") ?? ""
    func number(_ key: String) -> Int? { try? checkpoint.uintIfPresent("\(architecture).\(key)", in: 0...1 << 20) }
    layers = number("block_count") ?? 0
    experts = number("expert_count") ?? 0
    let heads = number("attention.head_count") ?? 1
    group = heads / max(1, number("attention.head_count_kv") ?? heads)
    isFalcon = architecture == "falcon"
    isTied = checkpoint.tensorIfPresent("output.weight") == nil
    let values = checkpoint.tensors.map(\.name).filter { WeightRole($0).makesValues }
      .sorted { (WeightRole.layer($0) ?? -1, $0) < (WeightRole.layer($1) ?? -1, $1) }
    valueRank = Dictionary(values.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  /// The type that a tensor is to become, whatever its width.
  func type(of tensor: CheckpointTensor) -> DType {
    let role = WeightRole(tensor.name)
    if role == .embedding, let type = options.embeddingType { return type }
    if role == .output, let type = options.outputType { return type }
    let base = options.recipe.dtype
    guard base.isBlockQuantized else { return base }
    if let found = overrides.first(where: { (try? $0.0.firstMatch(in: tensor.name)) != nil }) { return found.1 }
    if options.isPure { return base }
    if role == .output || role == .embedding && isTied {
      if let type = options.outputType { return type }
      if isFalcon || !tensor.shape.last.isMultiple(of: base.blockLength) { return .q8_0 }
      return base == .q8_0 ? .q8_0 : .q6_K
    }
    if role.makesValues { return value(tensor.name, role, base) }
    switch role {
    case .key: return experts == 8 ? .q8_0 : base
    case .down: return down(tensor.name, base)
    case .attentionOutput: return attentionOutput(base)
    default: return base
    }
  }

  /// Layers that get more bits: the first and the last eighth, and every third between.
  private func getsMore(_ place: Int, of count: Int) -> Bool {
    place < count / 8 || place >= 7 * count / 8 || (place - count / 8) % 3 == 2
  }

  private func value(_ name: String, _ role: WeightRole, _ base: DType) -> DType {
    let place = valueRank[name] ?? 0
    var type = base
    switch options.recipe {
    case .q2_K: type = group >= 4 ? .q4_K : .q3_K
    case .q3_K_M: type = place < 2 ? .q5_K : .q4_K
    case .q3_K_L: type = .q5_K
    case .iq4_nl, .iq4_xs: if group >= 4 { type = .q5_K }
    case .q4_K_M, .q5_K_M: if getsMore(place, of: valueRank.count) { type = .q6_K }
    case .q4_K_S: if place < 4 { type = .q5_K }
    default: break
    }
    // A model of 80 layers with grouped heads has values' matrices an eighth as large as the queries': more bits cost
    // little.
    if layers == 80, group > 1, type == .q3_K || type == .q4_K { type = .q5_K }
    return experts == 8 ? .q8_0 : type
  }

  private func down(_ name: String, _ base: DType) -> DType {
    let place = WeightRole.layer(name) ?? 0
    switch options.recipe {
    case .q2_K: return .q3_K
    case .q3_K_M:
      if place < layers / 16 { return .q5_K }
      return !isFalcon || getsMore(place, of: layers) ? .q4_K : .q3_K
    case .q3_K_L: return isFalcon ? .q4_K : .q5_K
    case .q4_K_M:
      if isFalcon { return place < layers / 16 ? .q6_K : getsMore(place, of: layers) ? .q5_K : .q4_K }
      return getsMore(place, of: layers) ? .q6_K : base
    case .q5_K_M: return getsMore(place, of: layers) ? .q6_K : base
    case .q4_K_S: return !isFalcon && place < layers / 8 ? .q5_K : base
    case .iq4_nl, .iq4_xs: return options.importance == nil && place < layers / 8 ? .q5_K : base
    // The first down projections have inputs so uneven that weights by importance alone would lose the rest.
    case .q4_0: return options.importance != nil && place < layers / 8 ? .q4_1 : base
    case .q5_0: return options.importance != nil && place < layers / 8 ? .q5_1 : base
    default: return base
    }
  }

  private func attentionOutput(_ base: DType) -> DType {
    if isFalcon { return options.recipe == .q3_K_L ? .q4_K : base }
    if experts == 8 {
      switch options.recipe {
      case .q2_K, .q3_K_S, .q3_K_M, .iq4_nl, .q4_K_S, .q4_K_M, .iq4_xs: return .q5_K
      default: return base
      }
    }
    switch options.recipe {
    case .q2_K: return .q3_K
    case .q3_K_M: return .q4_K
    case .q3_K_L: return .q5_K
    default: return base
    }
  }
}

/// A decoder as far as the cost of many long answers goes.
public struct KineticsModel: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// Weights P that a token is multiplied by.
  public var parameters: Double
  /// Layers.
  public var layers: Int
  /// Query heads.
  public var heads: Int
  /// Key heads.
  public var kvHeads: Int
  /// The width of a head.
  public var headDim: Int

  /// A decoder from its sizes.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for sizes below one or too large to count with.
  public init(
    name: String, parameters: Double, layers: Int, heads: Int, kvHeads: Int, headDim: Int
  ) throws(PlannerError) {
    guard parameters >= 1, parameters <= 1e18 else {
      throw .invalid(field: "parameters", problem: "\(parameters) lies outside 1…10¹⁸")
    }
    let sizes = [("layers", layers), ("heads", heads), ("kvHeads", kvHeads), ("headDim", headDim)]
    for (field, size) in sizes where !(1...1 << 21).contains(size) {
      throw .invalid(field: field, problem: "\(size) lies outside 1…\(1 << 21)")
    }
    self.init(checked: name, parameters, layers, heads, kvHeads, headDim)
  }

  private init(checked name: String, _ parameters: Double, _ layers: Int, _ heads: Int, _ kv: Int, _ dim: Int) {
    self.name = name
    self.parameters = parameters
    self.layers = layers
    self.heads = heads
    kvHeads = kv
    headDim = dim
  }

  /// A dense decoder's.
  public init(_ shape: TransformerShape) {
    self.init(
      checked: shape.name, Double(shape.parameters), shape.layers, shape.heads, shape.kvHeads, shape.headDim)
  }

  /// The six dense Qwen3 models, as the paper's code counts their weights.
  public static let qwen3: [KineticsModel] = [
    KineticsModel(checked: "Qwen3-0.6B", 0.752e9, 28, 16, 8, 128),
    KineticsModel(checked: "Qwen3-1.7B", 2.03e9, 28, 16, 8, 128),
    KineticsModel(checked: "Qwen3-4B", 4.02e9, 36, 32, 8, 128),
    KineticsModel(checked: "Qwen3-8B", 8.19e9, 36, 32, 8, 128),
    KineticsModel(checked: "Qwen3-14B", 14.77e9, 40, 40, 8, 128),
    KineticsModel(checked: "Qwen3-32B", 32.76e9, 64, 64, 8, 128),
  ]

  /// The width of one head over all layers, h.
  var head: Double { Double(layers) * Double(headDim) }
  /// n_q · h.
  var queries: Double { Double(heads) * head }
  /// n_kv · h.
  var keys: Double { Double(kvHeads) * head }
}

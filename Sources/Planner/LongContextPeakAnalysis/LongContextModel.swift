/// A decoder as far as long contexts go.
public struct LongContextModel: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// All weights P: what memory holds.
  public var parameters: Double
  /// Weights that a token is multiplied by, fewer than all of a mixture of experts.
  public var activeParameters: Double
  /// Layers L.
  public var layers: Int
  /// The width d of queries of all heads.
  public var width: Int
  /// Key heads.
  public var kvHeads: Int
  /// The width of a head.
  public var headDim: Int
  /// Bytes of a weight.
  public var weightBytes: Double

  /// A decoder from its sizes.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for sizes below one or too large to count with.
  public init(
    name: String, parameters: Double, activeParameters: Double? = nil, layers: Int, width: Int, kvHeads: Int,
    headDim: Int, weightBytes: Double = 2
  ) throws(PlannerError) {
    let active = activeParameters ?? parameters
    for (field, count) in [("parameters", parameters), ("activeParameters", active)]
    where !(count >= 1 && count <= 1e18) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…10¹⁸")
    }
    guard active <= parameters else {
      throw .invalid(field: "activeParameters", problem: "\(active) of \(parameters)")
    }
    let sizes = [("layers", layers), ("width", width), ("kvHeads", kvHeads), ("headDim", headDim)]
    for (field, size) in sizes where !(1...1 << 21).contains(size) {
      throw .invalid(field: field, problem: "\(size) lies outside 1…\(1 << 21)")
    }
    guard weightBytes > 0, weightBytes <= 8 else {
      throw .invalid(field: "weightBytes", problem: "\(weightBytes) must lie above 0 and at most at 8")
    }
    self.name = name
    self.parameters = parameters
    self.activeParameters = active
    self.layers = layers
    self.width = width
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.weightBytes = weightBytes
  }

  /// A dense decoder's.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for bytes of a weight that are none.
  public init(_ shape: TransformerShape, weightBytes: Double = 2) throws(PlannerError) {
    try self.init(
      name: shape.name, parameters: Double(shape.parameters), layers: shape.layers, width: shape.heads * shape.headDim,
      kvHeads: shape.kvHeads, headDim: shape.headDim, weightBytes: weightBytes)
  }
}

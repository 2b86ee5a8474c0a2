import Formats

/// What flows along a graph's edges: a tensor, a sequence of values, or a value that may be absent.
public indirect enum GraphValue: Sendable {
  case tensor(GraphTensor)
  case sequence([GraphValue])
  case optional(GraphValue?)

  /// The tensor; nothing for other values.
  public var tensor: GraphTensor? { if case .tensor(let tensor) = self { tensor } else { nil } }

  /// The kind of value, for errors.
  var kind: String {
    switch self {
    case .tensor(let tensor): "a tensor \(tensor.type.name) \(tensor.shape)"
    case .sequence(let values): "a sequence of \(values.count)"
    case .optional: "an optional"
    }
  }
}

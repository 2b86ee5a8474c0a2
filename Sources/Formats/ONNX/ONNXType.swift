/// The type of a value in a graph, as far as the file tells it.
public indirect enum ONNXType: Sendable, Equatable {
  /// An extent: a number, a name, or not known.
  public enum Extent: Sendable, Equatable {
    case known(Int)
    case named(String)
    case unknown
  }

  /// A tensor; no shape means any.
  case tensor(ONNXElementType, shape: [Extent]?)
  case sparseTensor(ONNXElementType, shape: [Extent]?)
  case sequence(ONNXType)
  case optional(ONNXType)
  case map(key: ONNXElementType, value: ONNXType)

  /// The type in words, for example `FLOAT [N, 3]`.
  public var description: String {
    func text(_ shape: [Extent]?) -> String {
      guard let shape else { return "" }
      let extents = shape.map { extent in
        switch extent {
        case .known(let value): "\(value)"
        case .named(let name): name
        case .unknown: "?"
        }
      }
      return " [\(extents.joined(separator: ", "))]"
    }
    switch self {
    case .tensor(let type, let shape): return type.name + text(shape)
    case .sparseTensor(let type, let shape): return "sparse \(type.name)\(text(shape))"
    case .sequence(let element): return "sequence of \(element.description)"
    case .optional(let element): return "optional \(element.description)"
    case .map(let key, let value): return "map of \(key.name) to \(value.description)"
    }
  }
}

/// One number of a graph, `Level-1.reduction` for example.
public struct PipelineParameter: Sendable, Hashable, CustomStringConvertible {
  /// What it is of a node.
  public enum Field: String, Sendable, Hashable, CaseIterable {
    case bytes, rate, compression, reduction, skill, spread, joulesPerOperation, secondsPerOperation, routingSeconds
    /// Of the link by which the node sends.
    case joulesPerBit
  }

  /// The node's name.
  public var node: String
  /// The field.
  public var field: Field

  /// A number of a node.
  public init(_ node: String, _ field: Field) {
    self.node = node
    self.field = field
  }

  /// A number by its name: the node's, a point, the field's.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a name that is not of this form.
  public init(_ name: String) throws(PlannerError) {
    guard let point = name.lastIndex(of: "."), point > name.startIndex,
      let field = Field(rawValue: String(name[name.index(after: point)...]))
    else {
      let fields = Field.allCases.map(\.rawValue).joined(separator: ", ")
      throw .invalid(field: "parameter", problem: "'\(name)' is not NODE.FIELD with a field of \(fields)")
    }
    self.init(String(name[..<point]), field)
  }

  /// `NODE.FIELD`.
  public var description: String { "\(node).\(field.rawValue)" }
}

extension PipelineNode {
  /// A field's number; `nil` for one that it does not have.
  func value(of field: PipelineParameter.Field) -> Double? {
    switch field {
    case .bytes: return bytes
    case .rate: return rate
    case .compression: return compression
    case .reduction: return reduction
    case .joulesPerOperation: return joulesPerOperation
    case .secondsPerOperation: return secondsPerOperation
    case .routingSeconds: return routingSeconds
    case .skill:
      switch classifier {
      case .gaussian(let skill, _): return skill
      case .scores(_, _, let boost): return boost
      default: return nil
      }
    case .spread: if case .gaussian(_, let spread) = classifier { return spread } else { return nil }
    case .joulesPerBit: return nil
    }
  }

  /// Sets a field; `false` for one that it does not have.
  mutating func set(_ field: PipelineParameter.Field, to value: Double) -> Bool {
    guard self.value(of: field) != nil else { return false }
    switch field {
    case .bytes: bytes = value
    case .rate: rate = value
    case .compression: compression = value
    case .reduction: reduction = value
    case .joulesPerOperation: joulesPerOperation = value
    case .secondsPerOperation: secondsPerOperation = value
    case .routingSeconds: routingSeconds = value
    case .skill:
      switch classifier {
      case .gaussian(_, let spread): classifier = .gaussian(skill: value, spread: spread)
      case .scores(let negative, let positive, _):
        classifier = .scores(negative: negative, positive: positive, boost: value)
      default: return false
      }
    case .spread:
      guard case .gaussian(let skill, _) = classifier else { return false }
      classifier = .gaussian(skill: skill, spread: value)
    case .joulesPerBit: return false
    }
    return true
  }
}

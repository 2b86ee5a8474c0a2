/// The operators that graphs are run with. A program may add its own.
public struct OperatorLibrary: Sendable {
  private var operators: [String: GraphOperator] = [:]

  /// The operators of the standard that this engine runs.
  public static let standard = OperatorLibrary(
    arithmetic + functions + activations + comparisons + reductions + shapes + movement + indexing + scattering
      + selection + generators + products + convolutions + poolings + resizing + sampling + normalizations + recurrences
      + attentions + quantizations + casts + controls + sequences + texts + signals + losses + trees + steps)

  /// A library of the given operators.
  public init(_ operators: [GraphOperator]) { for operation in operators { add(operation) } }

  /// Adds an operator, in place of one of the same name.
  public mutating func add(_ operation: GraphOperator) {
    operators["\(operation.domain)\u{0}\(operation.name)"] = operation
  }

  /// The operator of a name.
  public func `operator`(_ name: String, domain: String) -> GraphOperator? { operators["\(domain)\u{0}\(name)"] }

  /// All names, with the domain before those that are not of the standard one.
  public var names: [String] {
    operators.values.map { $0.domain.isEmpty ? $0.name : "\($0.domain).\($0.name)" }.sorted()
  }
}

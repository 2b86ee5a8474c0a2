/// An operator that the model itself defines, as a graph of others.
public struct ONNXFunction: Sendable, Equatable {
  /// The operator's name.
  public let name: String
  /// Its family.
  public let domain: String
  /// Its variant.
  public let overload: String
  /// The names of the inputs.
  public let inputs: [String]
  /// The names of the outputs.
  public let outputs: [String]
  /// Attributes that a caller must give.
  public let requiredAttributes: [String]
  /// Attributes with their defaults.
  public let defaultAttributes: [ONNXAttribute]
  /// The nodes, each after those that it needs.
  public let nodes: [ONNXNode]
  /// The operator sets that the nodes are of.
  public let operatorSets: [ONNXOperatorSet]
  /// Where the function begins in the file.
  public let offset: Int
}

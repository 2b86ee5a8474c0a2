/// One operator at work in a graph.
public struct ONNXNode: Sendable, Equatable {
  /// The node's own name; may be empty.
  public let name: String
  /// The operator.
  public let operation: String
  /// The operator's family: empty for the standard operators.
  public let domain: String
  /// The variant of a model's own function.
  public let overload: String
  /// What goes in; an empty name is an input left out.
  public let inputs: [String]
  /// What comes out; an empty name is an output nobody needs.
  public let outputs: [String]
  /// The constants, each name once.
  package(set) public var attributes: [ONNXAttribute]
  /// Where the node begins in the file.
  public let offset: Int

  /// The node in words, for errors: its name, or its operator and first output.
  public var label: String { name.isEmpty ? "\(operation) -> \(outputs.first ?? "")" : "'\(name)' (\(operation))" }
}

import Formats

/// A node as its operator sees it while it is made ready: the attributes and the version.
public struct GraphNode {
  let node: ONNXNode
  /// The version of the operator's family that the model is written for.
  public let version: Int64
  /// Makes a graph in an attribute ready.
  let subgraph: (ONNXGraph) throws -> PreparedGraph
  /// The elements of a tensor in an attribute.
  let load: (ONNXTensor) throws -> GraphTensor

  /// The number of outputs that the node names.
  public var outputCount: Int { node.outputs.count }

  /// Whether the node uses an output.
  func uses(output: Int) -> Bool { output < node.outputs.count && !node.outputs[output].isEmpty }

  private func value(_ name: String) -> ONNXAttribute.Value? { node.attributes.first { $0.name == name }?.value }

  /// Whether the node has an attribute.
  public func has(_ name: String) -> Bool { value(name) != nil }

  /// A whole number.
  public func int(_ name: String, _ missing: Int64) throws -> Int64 { try int(name) ?? missing }

  /// A whole number, if it is there.
  public func int(_ name: String) throws -> Int64? {
    guard let value = value(name) else { return nil }
    guard case .int(let int) = value else { throw Refusal("the attribute '\(name)' is no whole number") }
    return int
  }

  /// Whether a number is not 0.
  public func flag(_ name: String, _ missing: Bool) throws -> Bool { try int(name).map { $0 != 0 } ?? missing }

  /// A number.
  public func float(_ name: String, _ missing: Float) throws -> Float { try float(name) ?? missing }

  /// A number, if it is there.
  public func float(_ name: String) throws -> Float? {
    guard let value = value(name) else { return nil }
    guard case .float(let float) = value else { throw Refusal("the attribute '\(name)' is no number") }
    return float
  }

  /// Whole numbers, if they are there.
  public func ints(_ name: String) throws -> [Int]? {
    guard let value = value(name) else { return nil }
    guard case .ints(let ints) = value else { throw Refusal("the attribute '\(name)' is no list of whole numbers") }
    return ints.map { Int($0) }
  }

  /// Numbers, if they are there.
  public func floats(_ name: String) throws -> [Float]? {
    guard let value = value(name) else { return nil }
    guard case .floats(let floats) = value else { throw Refusal("the attribute '\(name)' is no list of numbers") }
    return floats
  }

  /// A text.
  public func string(_ name: String, _ missing: String) throws -> String {
    guard let value = value(name) else { return missing }
    guard case .string(let string) = value else { throw Refusal("the attribute '\(name)' is no text") }
    return string
  }

  /// One of several words.
  func word(_ name: String, _ missing: String, among words: [String]) throws -> String {
    let word = try string(name, missing)
    guard words.contains(word) else {
      throw Refusal("the attribute '\(name)' is '\(word)', expected one of \(words.joined(separator: ", "))")
    }
    return word
  }

  /// Texts, if they are there.
  public func strings(_ name: String) throws -> [String]? {
    guard let value = value(name) else { return nil }
    guard case .strings(let strings) = value else { throw Refusal("the attribute '\(name)' is no list of texts") }
    return strings
  }

  /// A tensor, if it is there.
  public func tensor(_ name: String) throws -> GraphTensor? {
    guard let value = value(name) else { return nil }
    guard case .tensor(let tensor) = value else { throw Refusal("the attribute '\(name)' is no tensor") }
    return try load(tensor)
  }

  /// An element type.
  func elementType(_ name: String) throws -> ONNXElementType? {
    guard let code = try int(name) else { return nil }
    guard let raw = Int32(exactly: code), let type = ONNXElementType(rawValue: raw) else {
      throw Refusal("the attribute '\(name)' is \(code), no element type")
    }
    return type
  }

  /// A graph.
  func graph(_ name: String) throws -> PreparedGraph {
    guard case .graph(let graph)? = value(name) else { throw Refusal("the attribute '\(name)' is no graph") }
    return try subgraph(graph)
  }
}

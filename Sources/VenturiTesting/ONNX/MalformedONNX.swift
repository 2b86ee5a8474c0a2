/// An ONNX file with one thing wrong, and the field that its refusal must name.
public struct MalformedONNX: Sendable {
  /// What is wrong.
  public enum Category: String, Sendable, CaseIterable {
    case wire = "bytes that are no messages"
    case lengths = "lengths and counts that lie"
    case versions = "versions and operator sets"
    case graph = "names and order"
    case nesting = "nesting"
    case tensors = "tensors"
    case external = "data in other files"
    case attributes = "attributes and types"
  }

  /// A short name, unique.
  public let name: String
  /// What is wrong.
  public let category: Category
  /// How the named field begins.
  public let field: String
  private let make: @Sendable () -> [UInt8]

  /// The file, made anew each time.
  public var bytes: [UInt8] { make() }

  /// All files.
  public static let all: [MalformedONNX] =
    wires + lengths + versions + graphs + nestings + tensors + externals + attributes

  /// A file whose bytes are given.
  static func bytes(
    _ category: Category, _ name: String, field: String, _ make: @escaping @Sendable () -> [UInt8]
  ) -> MalformedONNX {
    MalformedONNX(name: name, category: category, field: field, make: make)
  }

  /// A file made by changing a small valid one.
  static func changed(
    _ category: Category, _ name: String, field: String, _ change: @escaping @Sendable (inout ONNXImage) -> Void
  ) -> MalformedONNX {
    MalformedONNX(name: name, category: category, field: field) {
      var image = ONNXImage.base
      change(&image)
      return image.bytes
    }
  }

  /// A file whose first initializer is another tensor.
  static func tensor(
    _ category: Category, _ name: String, field: String, type: Int64 = 1, shape: [Int64],
    _ fill: @escaping @Sendable (inout ProtobufBytes) -> Void
  ) -> MalformedONNX {
    changed(category, name, field: "graph.initializer[0].\(field)") {
      $0.initializers[0] = ONNXImage.Tensor("w", type: type, shape: shape, fill: fill)
    }
  }

  /// A file whose last node has another attribute.
  static func attribute(
    _ name: String, field: String, _ attribute: @escaping @Sendable () -> [UInt8]
  ) -> MalformedONNX {
    changed(.attributes, name, field: "graph.node[4].\(field)") { $0.nodes[4].attributes = [attribute()] }
  }
}

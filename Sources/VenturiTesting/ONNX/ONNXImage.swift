import Formats

/// An ONNX file in parts that tests can change, written out by code that is not the reader's.
public struct ONNXImage: Sendable {
  /// A tensor and the fields that hold its elements.
  public struct Tensor: Sendable {
    /// The name.
    public var name: String
    /// The code of the element type.
    public var type: Int64
    /// The extents.
    public var shape: [Int64]
    /// Writes the fields with the elements.
    public var fill: @Sendable (inout ProtobufBytes) -> Void

    /// A tensor whose elements are raw bytes.
    public init(_ name: String, type: Int64 = 1, shape: [Int64], raw: [UInt8]) {
      self.init(name, type: type, shape: shape) { $0.data(9, raw) }
    }

    /// A tensor with fields of one's own.
    public init(
      _ name: String, type: Int64 = 1, shape: [Int64], fill: @escaping @Sendable (inout ProtobufBytes) -> Void
    ) {
      self.name = name
      self.type = type
      self.shape = shape
      self.fill = fill
    }

    /// The message.
    public var bytes: [UInt8] {
      ProtobufBytes {
        $0.packed(1, shape)
        $0.int(2, type)
        if !name.isEmpty { $0.text(8, name) }
        fill(&$0)
      }.bytes
    }
  }

  /// A node.
  public struct Node: Sendable {
    /// The operator.
    public var operation: String
    /// The names of what goes in.
    public var inputs: [String]
    /// The names of what comes out.
    public var outputs: [String]
    /// The operator's family.
    public var domain = ""
    /// The node's own name.
    public var name = ""
    /// Attributes as whole messages.
    public var attributes: [[UInt8]] = []

    /// A node of an operator.
    public init(_ operation: String, _ inputs: [String], _ outputs: [String], attributes: [[UInt8]] = []) {
      self.operation = operation
      self.inputs = inputs
      self.outputs = outputs
      self.attributes = attributes
    }

    /// The message.
    public var bytes: [UInt8] {
      ProtobufBytes { node in
        for input in inputs { node.text(1, input) }
        for output in outputs { node.text(2, output) }
        if !name.isEmpty { node.text(3, name) }
        node.text(4, operation)
        for attribute in attributes { node.data(5, attribute) }
        if !domain.isEmpty { node.text(7, domain) }
      }.bytes
    }
  }

  /// The version of the file format.
  public var formatVersion: Int64 = 10
  /// Domains and versions.
  public var operatorSets: [(domain: String, version: Int64)] = [("", 21)]
  /// The graph's parts.
  public var nodes: [Node] = []
  /// Its constants.
  public var initializers: [Tensor] = []
  /// Names with element type and shape.
  public var inputs: [(name: String, type: Int64, shape: [Int64])] = []
  /// Names with element type and shape.
  public var outputs: [(name: String, type: Int64, shape: [Int64])] = []
  /// Further fields of the graph.
  public var graphExtra: [UInt8] = []
  /// Further fields of the model.
  public var modelExtra: [UInt8] = []

  /// An empty file.
  public init() {}

  /// The graph's message.
  public var graph: [UInt8] {
    ProtobufBytes { graph in
      for node in nodes { graph.data(1, node.bytes) }
      graph.text(2, "g")
      for tensor in initializers { graph.data(5, tensor.bytes) }
      for input in inputs { graph.data(11, Self.info(input.name, input.type, input.shape)) }
      for output in outputs { graph.data(12, Self.info(output.name, output.type, output.shape)) }
      graph.raw(graphExtra)
    }.bytes
  }

  /// The file.
  public var bytes: [UInt8] {
    ProtobufBytes { model in
      model.int(1, formatVersion)
      model.text(2, "tests")
      for set in operatorSets {
        model.message(8) {
          if !set.domain.isEmpty { $0.text(1, set.domain) }
          $0.int(2, set.version)
        }
      }
      model.data(7, graph)
      model.raw(modelExtra)
    }.bytes
  }

  /// The description of a tensor value.
  public static func info(_ name: String, _ type: Int64, _ shape: [Int64]) -> [UInt8] {
    ProtobufBytes { info in
      info.text(1, name)
      info.message(2) { value in
        value.message(1) { tensor in
          tensor.int(1, type)
          tensor.message(2) { list in for extent in shape { list.message(1) { $0.int(1, extent) } } }
        }
      }
    }.bytes
  }

  /// An attribute with one field that holds its value.
  public static func attribute(_ name: String, type: Int64, _ fill: (inout ProtobufBytes) -> Void) -> [UInt8] {
    ProtobufBytes {
      $0.text(1, name)
      fill(&$0)
      $0.int(20, type)
    }.bytes
  }

  /// The little-endian bytes of floats.
  public static func floats(_ values: [Float]) -> [UInt8] { values.flatMap { GGUFBytes.u32($0.bitPattern) } }

  /// A small valid file: y = relu(x · w + b) cut into two by Split, with a branch and a constant.
  public static let base: ONNXImage = {
    var image = ONNXImage()
    image.inputs = [("x", 1, [2, 3])]
    image.outputs = [("y", 1, [2, 2]), ("z", 1, [2, 2])]
    image.initializers = [
      Tensor("w", shape: [3, 2], raw: floats([1, 2, 3, 4, 5, 6])),
      Tensor("b", shape: [2]) { $0.data(4, floats([0.5, -0.5])) },
      Tensor("axes", type: 7, shape: [1]) { $0.packed(7, [0]) },
    ]
    let branch = ProtobufBytes { graph in
      graph.data(1, Node("Relu", ["sum"], ["taken"]).bytes)
      graph.text(2, "branch")
      graph.data(12, info("taken", 1, [2, 2]))
    }.bytes
    image.nodes = [
      Node("MatMul", ["x", "w"], ["product"]),
      Node("Add", ["product", "b"], ["sum"]),
      Node(
        "Constant", [], ["yes"],
        attributes: [
          attribute("value", type: 4) { $0.data(5, Tensor("", type: 9, shape: [], raw: [1]).bytes) }
        ]),
      Node(
        "If", ["yes"], ["y"],
        attributes: [
          attribute("then_branch", type: 5) { $0.data(6, branch) },
          attribute("else_branch", type: 5) { $0.data(6, branch) },
        ]),
      Node("LeakyRelu", ["sum"], ["z"], attributes: [attribute("alpha", type: 1) { $0.float(2, 0.25) }]),
    ]
    return image
  }()
}

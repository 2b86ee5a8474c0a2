/// An ONNX file: a typed graph, checked so that every name is defined once and before it is used.
///
/// Parsing decodes messages within ``ONNXLimits``; raw tensor data stays where it lies in the bytes.
public struct ONNXModel: Sendable, Equatable {
  /// The version of the file format.
  public let formatVersion: Int64
  /// The program that wrote the file.
  public let producer: String
  /// That program's version.
  public let producerVersion: String
  /// The operator sets in use, each domain once.
  public let operatorSets: [ONNXOperatorSet]
  /// The graph.
  public let graph: ONNXGraph
  /// The operators that the model defines.
  public let functions: [ONNXFunction]
  /// Texts by key.
  public let metadata: [(key: String, value: String)]

  /// Whether both say the same.
  public static func == (a: ONNXModel, b: ONNXModel) -> Bool {
    a.formatVersion == b.formatVersion && a.producer == b.producer && a.producerVersion == b.producerVersion
      && a.operatorSets == b.operatorSets && a.graph == b.graph && a.functions == b.functions
      && a.metadata.elementsEqual(b.metadata) { $0 == $1 }
  }

  /// Parses and checks a file.
  ///
  /// - Throws: ``FormatError``, which names the message and field, with its offset.
  public init(_ bytes: ByteView, limits: ONNXLimits = ONNXLimits()) throws(FormatError) {
    var parser = ONNXParser(bytes, limits: limits)
    self = try parser.model()
    try ONNXCheck.check(self, limits: limits)
  }

  init(
    formatVersion: Int64, producer: String, producerVersion: String, operatorSets: [ONNXOperatorSet],
    graph: ONNXGraph, functions: [ONNXFunction], metadata: [(key: String, value: String)]
  ) {
    self.formatVersion = formatVersion
    self.producer = producer
    self.producerVersion = producerVersion
    self.operatorSets = operatorSets
    self.graph = graph
    self.functions = functions
    self.metadata = metadata
  }

  /// Whether an input with an initializer may be given another value. Before version 4 of the format every initializer
  /// had to be an input, and none was meant to be given.
  public var canOverrideInitializers: Bool { formatVersion >= 4 }

  /// The version of a domain's operators; nothing where the model does not use them.
  public func version(of domain: String) -> Int64? {
    operatorSets.first { $0.domain == ONNXOperatorSet.canonical(domain) }?.version
  }
}

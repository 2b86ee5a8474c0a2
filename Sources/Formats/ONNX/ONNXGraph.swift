/// A graph of operators: values flow from the inputs and initializers through the nodes to the outputs.
public struct ONNXGraph: Sendable, Equatable {
  /// The graph's name.
  public let name: String
  /// The nodes, each after those that it needs.
  public let nodes: [ONNXNode]
  /// The inputs; one that is an initializer too has that as its default.
  public let inputs: [ONNXValueInfo]
  /// The outputs.
  public let outputs: [ONNXValueInfo]
  /// Constant tensors, each name once.
  public let initializers: [ONNXTensor]
  /// Constant tensors that are mostly zero.
  public let sparseInitializers: [ONNXSparseTensor]
  /// Types of values in between.
  public let valueInfos: [ONNXValueInfo]
  /// Where the graph begins in the file.
  public let offset: Int
}

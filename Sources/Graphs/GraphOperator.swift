/// An operator of the library: how many inputs and outputs it has, and how a node of it is made ready.
public struct GraphOperator: Sendable {
  /// A node at work: the inputs of the call in, the outputs out, in order; outputs nobody asked for may be left out.
  public typealias Evaluation = (GraphCall) throws -> [GraphValue?]

  /// The operator's name.
  public let name: String
  /// Its family: empty for the standard operators.
  public let domain: String
  /// The numbers of inputs it takes.
  public let inputs: ClosedRange<Int>
  /// The largest number of outputs it has.
  public let outputs: Int
  /// Reads the attributes of a node for its version, and gives what is done when the node runs.
  let prepare: @Sendable (GraphNode) throws -> Evaluation

  /// An operator.
  ///
  /// - Parameters:
  ///   - prepare: reads a node's attributes; what it throws is reported with the node's name.
  public init(
    _ name: String, domain: String = "", inputs: ClosedRange<Int>, outputs: Int = 1,
    prepare: @escaping @Sendable (GraphNode) throws -> Evaluation
  ) {
    self.name = name
    self.domain = domain
    self.inputs = inputs
    self.outputs = outputs
    self.prepare = prepare
  }

  /// An operator with one output.
  static func one(
    _ name: String, domain: String = "", _ inputs: ClosedRange<Int>,
    _ prepare: @escaping @Sendable (GraphNode) throws -> (GraphCall) throws -> GraphTensor
  ) -> GraphOperator {
    GraphOperator(name, domain: domain, inputs: inputs) { node in
      let evaluate = try prepare(node)
      return { call in [.tensor(try evaluate(call))] }
    }
  }
}

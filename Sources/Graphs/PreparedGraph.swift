import Formats
import Tensors

/// A graph whose operators are found, whose attributes are read and whose names are places.
final class PreparedGraph {
  /// A node with its places.
  struct Step {
    let label: String
    let operation: String
    let inputs: [GraphPlace?]
    let outputs: [Int?]
    let evaluate: GraphOperator.Evaluation
    /// Slots that nobody reads after this step.
    var releases: [Int] = []
  }

  let inputNames: [String]
  let outputNames: [String]
  /// The slots of the inputs.
  let inputs: [Int]
  let outputs: [GraphPlace]
  let slotCount: Int
  /// Values that are there from the start.
  let constants: [(slot: Int, value: GraphTensor)]
  let steps: [Step]

  init(
    inputNames: [String], outputNames: [String], inputs: [Int], outputs: [GraphPlace], slotCount: Int,
    constants: [(slot: Int, value: GraphTensor)], steps: [Step]
  ) {
    self.inputNames = inputNames
    self.outputNames = outputNames
    self.inputs = inputs
    self.outputs = outputs
    self.slotCount = slotCount
    self.constants = constants
    self.steps = steps
  }

  /// Runs the nodes in order.
  ///
  /// - Parameters:
  ///   - values: the inputs, by position; those left out keep their defaults.
  ///   - outer: the values of the graph around this one.
  func evaluate(_ values: [GraphValue?], in run: GraphRun, outer: GraphScope?) throws -> [GraphValue?] {
    let scope = GraphScope(count: slotCount, outer: outer)
    for constant in constants { scope.values[constant.slot] = .tensor(constant.value) }
    for (slot, value) in zip(inputs, values) { if let value { scope.values[slot] = value } }
    for step in steps {
      try run.step(step.label)
      let call = GraphCall(
        inputs: step.inputs.map { $0.flatMap(scope.value) }, context: run.context, run: run, scope: scope)
      let results: [GraphValue?]
      do { results = try step.evaluate(call) } catch {
        throw Self.located(error, step.label)
      }
      for (slot, value) in zip(step.outputs, results) { if let slot { scope.values[slot] = value } }
      for slot in step.releases { scope.values[slot] = nil }
    }
    return outputs.map(scope.value)
  }

  /// An error of an operator with the name of its node.
  static func located(_ error: any Error, _ label: String) -> any Error {
    switch error {
    case let refusal as Refusal: GraphError.refused(node: label, reason: refusal.reason)
    case let large as TooLarge: GraphError.memoryLimit(node: label, needed: large.needed, limit: large.limit)
    case let error as TensorError: GraphError.refused(node: label, reason: error.description)
    default: error
    }
  }
}

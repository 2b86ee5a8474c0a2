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
    /// Whether it is one operator that sees its inputs and nothing else.
    let isPlain: Bool
    /// Whether strings and complex numbers may go in.
    let takesAnyType: Bool
    /// Slots that nobody reads after this step.
    var releases: [Int] = []

    /// Refuses strings and complex numbers where only numbers are known to be taken.
    func check(_ inputs: [GraphValue?]) throws {
      if takesAnyType { return }
      for case .tensor(let tensor)? in inputs where tensor.type.lane == .none {
        throw Refusal("\(tensor.type.name) \(tensor.shape) where numbers are expected")
      }
    }
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
  /// Slots that graphs inside of this one read.
  let captured: Set<Int>

  init(
    inputNames: [String], outputNames: [String], inputs: [Int], outputs: [GraphPlace], slotCount: Int,
    constants: [(slot: Int, value: GraphTensor)], steps: [Step], captured: Set<Int>
  ) {
    self.inputNames = inputNames
    self.outputNames = outputNames
    self.inputs = inputs
    self.outputs = outputs
    self.slotCount = slotCount
    self.constants = constants
    self.steps = steps
    self.captured = captured
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
      do {
        try step.check(call.inputs)
        results = try step.evaluate(call)
      } catch { throw Self.located(error, step.label) }
      for (slot, value) in zip(step.outputs, results) { if let slot { scope.values[slot] = value } }
      for slot in step.releases { scope.values[slot] = nil }
    }
    return outputs.map(scope.value)
  }

  /// The graph with the steps done whose inputs are all constant. What fails, or is random, is left to the run.
  ///
  /// - Parameter areFixed: whether an initializer counts though it is an input too.
  func folded(in run: GraphRun, areFixed: Bool) -> PreparedGraph {
    var known: [Int: GraphTensor] = [:]
    let open = Set(inputs)
    for constant in constants where areFixed || !open.contains(constant.slot) {
      known[constant.slot] = constant.value
    }
    let scope = GraphScope(count: 0, outer: nil)
    var (rest, made): ([Step], [(slot: Int, value: GraphTensor)]) = ([], [])
    for step in steps {
      let values = step.inputs.map { place -> GraphTensor? in place.flatMap { $0.level == 0 ? known[$0.slot] : nil } }
      let isReady = zip(step.inputs, values).allSatisfy { $0 == nil || $1 != nil }
      run.drewRandomNumbers = false
      guard step.isPlain, isReady, (try? step.check(values.map { $0.map { .tensor($0) } })) != nil,
        let results = try? step.evaluate(
          GraphCall(
            inputs: values.map { $0.map { .tensor($0) } }, context: run.context, run: run, scope: scope)),
        !run.drewRandomNumbers, results.allSatisfy({ $0?.tensor != nil })
      else {
        rest.append(step)
        continue
      }
      for (slot, result) in zip(step.outputs, results) {
        guard let slot, let tensor = result?.tensor else { continue }
        known[slot] = tensor
        made.append((slot, tensor))
      }
    }
    // What only folded steps read need not be kept.
    var needed = Set(outputs.filter { $0.level == 0 }.map(\.slot) + inputs + captured)
    for step in rest { for case .some(let place) in step.inputs where place.level == 0 { needed.insert(place.slot) } }
    return PreparedGraph(
      inputNames: inputNames, outputNames: outputNames, inputs: inputs, outputs: outputs, slotCount: slotCount,
      constants: (constants + made).filter { needed.contains($0.slot) }, steps: rest, captured: captured)
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

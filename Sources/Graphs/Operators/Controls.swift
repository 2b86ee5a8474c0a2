import Formats

// Graphs in attributes: branches and loops. Loops are bounded by the run's budget of steps.
extension OperatorLibrary {
  static let controls: [GraphOperator] = [
    GraphOperator("If", inputs: 1...1, outputs: 1 << 16) { node in
      let (yes, no) = (try node.graph("then_branch"), try node.graph("else_branch"))
      guard yes.inputs.isEmpty, no.inputs.isEmpty else { throw Refusal("a branch with inputs") }
      return { call in
        let condition = try call.tensor(0)
        guard condition.type == .bool, condition.count == 1 else { throw Refusal("a condition of \(condition.shape)") }
        let branch = condition.values(Int64.self)[0] != 0 ? yes : no
        return try branch.evaluate([], in: call.run, outer: call.scope)
      }
    },
    GraphOperator("Loop", inputs: 2...Int.max, outputs: 1 << 16) { node in
      let body = try node.graph("body")
      return { call in
        let carried = call.inputs.count - 2
        guard body.inputs.count == carried + 2, body.outputs.count >= carried + 1 else {
          throw Refusal("a body of \(body.inputs.count) inputs and \(body.outputs.count) outputs for \(carried) values")
        }
        let most = try call.optional(0) == nil ? Int.max : call.int(0)
        func holds(_ value: GraphValue?) throws -> Bool {
          guard let tensor = value?.tensor else { return true }
          guard tensor.type == .bool, tensor.count == 1 else { throw Refusal("a condition of \(tensor.shape)") }
          return tensor.values(Int64.self)[0] != 0
        }
        var condition = call.inputs[1]
        var values = Array(call.inputs[2...])
        var collected = [[GraphTensor]](repeating: [], count: body.outputs.count - carried - 1)
        var turn = 0
        while turn < most, try holds(condition) {
          try call.run.step("Loop")
          let index = try call.make(.int64, [], [Int64(turn)])
          let now = try condition ?? .tensor(call.make([], [true]))
          let results = try body.evaluate([.tensor(index), now] + values, in: call.run, outer: call.scope)
          condition = results[0]
          values = Array(results[1..<1 + carried])
          for (i, value) in results[(1 + carried)...].enumerated() {
            guard let tensor = value?.tensor else { throw Refusal("a collected value that is no tensor") }
            collected[i].append(tensor)
          }
          turn += 1
        }
        return values + (try collected.map { .tensor(try call.stacked($0, axis: 0)) })
      }
    },
    GraphOperator("Scan", inputs: 1...Int.max, outputs: 1 << 16) { node in
      let body = try node.graph("body")
      let scanned = Int(try node.int("num_scan_inputs", 0))
      let hasBatch = node.version < 9
      guard scanned > 0, scanned <= body.inputs.count else {
        throw Refusal("\(scanned) scanned inputs for a body of \(body.inputs.count)")
      }
      let states = body.inputs.count - scanned
      let collected = body.outputs.count - states
      guard collected >= 0 else {
        throw Refusal(
          "\(scanned) scanned inputs for a body of \(body.inputs.count) inputs and \(body.outputs.count) outputs")
      }
      func list(_ name: String, _ count: Int) throws -> [Int] {
        let values = try node.ints(name) ?? [Int](repeating: 0, count: count)
        guard values.count == count else { throw Refusal("\(values.count) numbers in '\(name)' for \(count)") }
        return values
      }
      let directions = try list(hasBatch ? "directions" : "scan_input_directions", scanned)
      let outDirections = try list("scan_output_directions", collected)
      let (axes, outAxes) = (try list("scan_input_axes", scanned), try list("scan_output_axes", collected))
      return { call in
        // Version 8 put a tensor of lengths first and a batch axis on everything.
        let inputs = hasBatch ? Array(call.inputs.dropFirst()) : call.inputs
        guard inputs.count == states + scanned else { throw Refusal("\(inputs.count) inputs for \(states) states") }
        let batches = hasBatch ? (inputs[0]?.tensor?.shape.first ?? 1) : 1
        var results: [[GraphTensor]] = []
        for batch in 0..<batches {
          let part = try inputs.map { value -> GraphTensor in
            guard let tensor = value?.tensor else { throw Refusal("an input that is no tensor") }
            return hasBatch ? try call.slice(tensor, axis: 0, at: batch) : tensor
          }
          results.append(
            try call.scan(
              body, Array(part[..<states]), Array(part[states...]), axes, directions, outAxes, outDirections))
        }
        guard hasBatch else { return results[0].map { .tensor($0) } }
        return try (0..<(results.first?.count ?? 0)).map { i in
          .tensor(try call.stacked(results.map { $0[i] }, axis: 0))
        }
      }
    },
    GraphOperator("SequenceMap", inputs: 1...Int.max, outputs: 1 << 16) { node in
      let body = try node.graph("body")
      return { call in
        guard body.inputs.count == call.inputs.count else {
          throw Refusal("\(call.inputs.count) inputs for a body of \(body.inputs.count)")
        }
        let first = try call.sequence(0)
        var results = [[GraphValue]](repeating: [], count: body.outputs.count)
        for position in first.indices {
          let values = try call.inputs.map { value -> GraphValue? in
            guard case .sequence(let elements)? = value else { return value }
            guard elements.count == first.count else { throw Refusal("sequences of different lengths") }
            return elements[position]
          }
          for (i, value) in try body.evaluate(values, in: call.run, outer: call.scope).enumerated() {
            guard let value, value.tensor != nil else { throw Refusal("an output that is no tensor") }
            results[i].append(value)
          }
        }
        return results.map { .sequence($0) }
      }
    },
  ]
}

extension GraphCall {
  /// The slice at a position of an axis, which goes.
  func slice(_ x: GraphTensor, axis: Int, at position: Int) throws -> GraphTensor {
    guard axis < x.rank, position >= 0, position < x.shape[axis] else {
      throw Refusal("position \(position) of \(x.shape)")
    }
    let strides = Axes.rowMajor(x.shape)
    var (shape, steps) = (x.shape, strides)
    shape.remove(at: axis)
    steps.remove(at: axis)
    return try gather(x, shape: shape, strides: steps, offset: shape.contains(0) ? 0 : position * strides[axis])
  }

  /// Tensors of one shape side by side along a new axis.
  func stacked(_ parts: [GraphTensor], axis: Int) throws -> GraphTensor {
    guard let first = parts.first else { return try make(.float32, [0], [Float]()) }
    let axis = try Axes.resolve(axis, rank: first.rank + 1)
    return try concatenated(
      parts.map { part in
        var shape = part.shape
        guard shape.count == first.rank else { throw Refusal("\(part.shape) beside \(first.shape)") }
        shape.insert(1, at: axis)
        return part.reshaped(shape)
      }, axis: axis)
  }

  /// Runs a body over slices, handing states from turn to turn; gives the last states and the collected values.
  func scan(
    _ body: PreparedGraph, _ states: [GraphTensor], _ inputs: [GraphTensor], _ axes: [Int], _ directions: [Int],
    _ outAxes: [Int], _ outDirections: [Int]
  ) throws -> [GraphTensor] {
    let axes = try zip(axes, inputs).map { try Axes.resolve($0, rank: $1.rank) }
    let turns = inputs[0].shape[axes[0]]
    guard zip(inputs, axes).allSatisfy({ $0.shape[$1] == turns }) else { throw Refusal("inputs of different lengths") }
    var states = states
    var collected = [[GraphTensor]](repeating: [], count: outAxes.count)
    for turn in 0..<turns {
      try run.step("Scan")
      let slices = try inputs.indices.map { i in
        try slice(inputs[i], axis: axes[i], at: directions[i] == 0 ? turn : turns - 1 - turn)
      }
      let results = try body.evaluate((states + slices).map { .tensor($0) }, in: run, outer: scope).map { value in
        guard let tensor = value?.tensor else { throw Refusal("an output of the body is no tensor") }
        return tensor
      }
      states = Array(results[..<states.count])
      for i in collected.indices { collected[i].append(results[states.count + i]) }
    }
    return states
      + (try collected.indices.map { i in
        try stacked(outDirections[i] == 0 ? collected[i] : collected[i].reversed(), axis: outAxes[i])
      })
  }
}

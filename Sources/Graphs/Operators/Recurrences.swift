import Formats
import NumericTypes
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Recurrent networks: plain, gated (Cho et al. 2014), with long short-term memory (Hochreiter, Schmidhuber 1997).
extension OperatorLibrary {
  static let recurrences: [GraphOperator] = [
    recurrence("RNN", gates: 1, outputs: 2, inputs: 3...6) { ["Tanh"] },
    recurrence("GRU", gates: 3, outputs: 2, inputs: 3...6) { ["Sigmoid", "Tanh"] },
    recurrence("LSTM", gates: 4, outputs: 3, inputs: 3...8) { ["Sigmoid", "Tanh", "Tanh"] },
  ]

  private static func recurrence(
    _ name: String, gates: Int, outputs: Int, inputs: ClosedRange<Int>, _ defaults: @escaping @Sendable () -> [String]
  ) -> GraphOperator {
    GraphOperator(name, inputs: inputs, outputs: outputs) { node in
      let rule = try RecurrentRule(node, gates: gates, defaults: defaults())
      return { call in try call.recurrence(rule) }
    }
  }
}

/// The attributes of a recurrent network.
struct RecurrentRule {
  let gates: Int
  let direction: String
  let hidden: Int?
  let clip: Double?
  let isBatchFirst: Bool
  let resetsAfter: Bool
  let couplesForget: Bool
  let activations: [(Double) -> Double]

  init(_ node: GraphNode, gates: Int, defaults: [String]) throws {
    self.gates = gates
    direction = try node.word("direction", "forward", among: ["forward", "reverse", "bidirectional"])
    hidden = try node.int("hidden_size").map { Int($0) }
    clip = try node.float("clip").map { Double($0) }
    isBatchFirst = try node.flag("layout", false)
    resetsAfter = try node.flag("linear_before_reset", false)
    couplesForget = try node.flag("input_forget", false)
    let count = direction == "bidirectional" ? 2 : 1
    let names = try node.strings("activations") ?? (0..<count).flatMap { _ in defaults }
    guard names.count == count * defaults.count else { throw Refusal("\(names.count) activations") }
    let (alphas, betas) = (try node.floats("activation_alpha") ?? [], try node.floats("activation_beta") ?? [])
    activations = try names.enumerated().map { i, name in
      try Self.activation(
        name, i < alphas.count ? Double(alphas[i]) : nil, i < betas.count ? Double(betas[i]) : nil)
    }
  }

  var directions: Int { direction == "bidirectional" ? 2 : 1 }

  private static func activation(_ name: String, _ alpha: Double?, _ beta: Double?) throws -> (Double) -> Double {
    switch name.lowercased() {
    case "tanh": return { tanh($0) }
    case "sigmoid": return { 1 / (1 + exp(-$0)) }
    case "relu": return { max($0, 0) }
    case "affine": return { (alpha ?? 1) * $0 + (beta ?? 0) }
    case "leakyrelu": return { $0 < 0 ? (alpha ?? 0.01) * $0 : $0 }
    case "thresholdedrelu": return { $0 > (alpha ?? 1) ? $0 : 0 }
    case "scaledtanh": return { (alpha ?? 1) * tanh((beta ?? 1) * $0) }
    case "hardsigmoid": return { max(0, min(1, (alpha ?? 0.2) * $0 + (beta ?? 0.5))) }
    case "elu": return { $0 < 0 ? (alpha ?? 1) * expm1($0) : $0 }
    case "softsign": return { $0 / (1 + abs($0)) }
    case "softplus": return { max($0, 0) + log1p(exp(-abs($0))) }
    default: throw Refusal("an activation '\(name)'")
    }
  }
}

extension GraphCall {
  func recurrence(_ rule: RecurrentRule) throws -> [GraphValue?] {
    let x = try tensor(0)
    try x.expect("floating-point numbers", \.isFloat)
    let (w, r) = (try tensor(1), try tensor(2))
    guard x.rank == 3, r.rank == 3, w.rank == 3 else { throw Refusal("\(x.shape), weights \(w.shape) and \(r.shape)") }
    let input = rule.isBatchFirst ? try transposed(x, [1, 0, 2]) : x
    let (steps, batch, width) = (input.shape[0], input.shape[1], input.shape[2])
    let (gates, directions) = (rule.gates, rule.directions)
    let hidden = rule.hidden ?? r.shape[2]
    guard hidden > 0, hidden <= 1 << 24, w.shape == [directions, gates * hidden, width],
      r.shape == [directions, gates * hidden, hidden]
    else { throw Refusal("weights \(w.shape) and \(r.shape) for \(x.shape), hidden size \(hidden)") }
    func part(_ index: Int, _ shape: [Int]) throws -> [Double]? {
      guard let tensor = try optional(index) else { return nil }
      guard tensor.shape == shape else { throw Refusal("input \(index) is \(tensor.shape), expected \(shape)") }
      return tensor.values(Double.self)
    }
    func state(_ index: Int) throws -> [Double]? {
      guard var tensor = try optional(index) else { return nil }
      if rule.isBatchFirst, tensor.rank == 3 { tensor = try transposed(tensor, [1, 0, 2]) }
      guard tensor.shape == [directions, batch, hidden] else { throw Refusal("a state of \(tensor.shape)") }
      return tensor.values(Double.self)
    }
    let bias = try part(3, [directions, 2 * gates * hidden])
    let lengths = try optionalInts(4) ?? [Int](repeating: steps, count: batch)
    guard lengths.count == batch, lengths.allSatisfy({ (0...steps).contains($0) }) else {
      throw Refusal("lengths \(lengths) of \(steps)")
    }
    let (initial, cell) = (try state(5), gates == 4 ? try state(6) : nil)
    let peepholes = gates == 4 ? try part(7, [directions, 3 * hidden]) : nil
    try reserve(bytesEach: 16, [steps, directions, batch, max(hidden, gates * hidden)])
    var sequence = [Double](repeating: 0, count: steps * directions * batch * hidden)
    var (lastHidden, lastCell): ([Double], [Double]) = ([], [])
    // The products with the input do not wait for each other: all at once.
    let rows = try engine(input).reshaped([steps * batch, width])
    let (weights, recurrent) = (try engine(w), r.values(Double.self))
    for direction in 0..<directions {
      let slice = weights.sliced(axis: 0, direction..<direction + 1).reshaped([gates * hidden, width])
      let projected = wrap(context.matmul(rows, slice.transposed())).values(Double.self)
      let cellRule = RecurrentCell(
        rule, direction: direction, hidden: hidden,
        recurrent: Array(recurrent[direction * gates * hidden * hidden..<(direction + 1) * gates * hidden * hidden]),
        bias: bias.map { Array($0[direction * 2 * gates * hidden..<(direction + 1) * 2 * gates * hidden]) },
        peepholes: peepholes.map { Array($0[direction * 3 * hidden..<(direction + 1) * 3 * hidden]) })
      let isReverse = rule.direction == "reverse" || direction == 1
      for item in 0..<batch {
        let start = (direction * batch + item) * hidden
        var h = initial.map { Array($0[start..<start + hidden]) } ?? [Double](repeating: 0, count: hidden)
        var c = cell.map { Array($0[start..<start + hidden]) } ?? [Double](repeating: 0, count: hidden)
        for turn in 0..<lengths[item] {
          let step = isReverse ? lengths[item] - 1 - turn : turn
          let row = (step * batch + item) * gates * hidden
          cellRule.step(projected[row..<row + gates * hidden], &h, &c)
          let target = ((step * directions + direction) * batch + item) * hidden
          sequence.replaceSubrange(target..<target + hidden, with: h)
        }
        lastHidden += h
        lastCell += c
      }
    }
    var y = try make(x.type, [steps, directions, batch, hidden], sequence)
    var last = [try make(x.type, [directions, batch, hidden], lastHidden)]
    if gates == 4 { last.append(try make(x.type, [directions, batch, hidden], lastCell)) }
    if rule.isBatchFirst {
      y = try transposed(y, [2, 0, 1, 3])
      last = try last.map { try transposed($0, [1, 0, 2]) }
    }
    return [.tensor(y)] + last.map { .tensor($0) }
  }
}

/// One direction's step.
private struct RecurrentCell {
  let rule: RecurrentRule
  let hidden: Int
  let recurrent: [Double]
  let bias: [Double]?
  let peepholes: [Double]?
  let activations: ArraySlice<(Double) -> Double>

  init(
    _ rule: RecurrentRule, direction: Int, hidden: Int, recurrent: [Double], bias: [Double]?, peepholes: [Double]?
  ) {
    self.rule = rule
    self.hidden = hidden
    self.recurrent = recurrent
    self.bias = bias
    self.peepholes = peepholes
    let each = rule.activations.count / rule.directions
    activations = rule.activations[direction * each..<(direction + 1) * each]
  }

  private func activate(_ index: Int, _ value: Double) -> Double {
    let held = rule.clip.map { max(-$0, min($0, value)) } ?? value
    return activations[activations.startIndex + index](held)
  }

  /// Row `i` of the recurrent weights times `h`.
  private func product(_ i: Int, _ h: [Double]) -> Double {
    var sum = 0.0
    for k in 0..<hidden { sum += recurrent[i * hidden + k] * h[k] }
    return sum
  }

  func step(_ projected: ArraySlice<Double>, _ h: inout [Double], _ c: inout [Double]) {
    let first = projected.startIndex
    let size = rule.gates * hidden
    func input(_ i: Int) -> Double { projected[first + i] + (bias?[i] ?? 0) }
    func recurrentBias(_ i: Int) -> Double { bias?[size + i] ?? 0 }
    let old = h
    switch rule.gates {
    case 1: for i in 0..<hidden { h[i] = activate(0, input(i) + product(i, old) + recurrentBias(i)) }
    case 3:
      var reset = [Double](repeating: 0, count: hidden)
      for i in 0..<hidden {
        reset[i] = activate(0, input(hidden + i) + product(hidden + i, old) + recurrentBias(hidden + i))
      }
      let gated = zip(reset, old).map { $0 * $1 }
      for i in 0..<hidden {
        let update = activate(0, input(i) + product(i, old) + recurrentBias(i))
        let j = 2 * hidden + i
        let candidate = activate(
          1,
          rule.resetsAfter
            ? input(j) + reset[i] * (product(j, old) + recurrentBias(j))
            : input(j) + product(j, gated) + recurrentBias(j))
        h[i] = (1 - update) * candidate + update * old[i]
      }
    default:
      for i in 0..<hidden {
        func gate(_ index: Int) -> Double {
          let j = index * hidden + i
          return input(j) + product(j, old) + recurrentBias(j)
        }
        // Input, output, forget, cell; the peepholes come in the order input, output, forget.
        let enter = activate(0, gate(0) + (peepholes?[i] ?? 0) * c[i])
        let forget =
          rule.couplesForget ? 1 - enter : activate(0, gate(2) + (peepholes?[2 * hidden + i] ?? 0) * c[i])
        let next = forget * c[i] + enter * activate(1, gate(3))
        let leave = activate(0, gate(1) + (peepholes?[hidden + i] ?? 0) * next)
        c[i] = next
        h[i] = leave * activations[activations.startIndex + 2](next)
      }
    }
  }
}

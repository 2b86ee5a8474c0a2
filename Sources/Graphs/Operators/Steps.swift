import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Steps of optimizers, and random numbers.
extension OperatorLibrary {
  private static let training = "ai.onnx.preview.training"

  static let steps: [GraphOperator] = [
    GraphOperator("Adagrad", domain: training, inputs: 3...Int.max, outputs: Int.max) { node in
      let (decay, epsilon) = (Double(try node.float("decay_factor", 0)), Double(try node.float("epsilon", 1e-6)))
      let norm = Double(try node.float("norm_coefficient", 0))
      return { call in
        let (rate, turn) = (try call.number(0), try call.number(1))
        let r = rate / (1 + turn * decay)
        return try call.optimizerStep(states: 1) { x, g, state in
          let slope = norm * x + g
          state[0] += slope * slope
          return x - r * slope / (state[0].squareRoot() + epsilon)
        }
      }
    },
    GraphOperator("Adam", domain: training, inputs: 3...Int.max, outputs: Int.max) { node in
      let (alpha, beta) = (Double(try node.float("alpha", 0.9)), Double(try node.float("beta", 0.999)))
      let (epsilon, norm) = (Double(try node.float("epsilon", 1e-6)), Double(try node.float("norm_coefficient", 0)))
      let after = Double(try node.float("norm_coefficient_post", 0))
      return { call in
        let (rate, turn) = (try call.number(0), try call.number(1))
        let r = turn > 0 ? rate * (1 - pow(beta, turn)).squareRoot() / (1 - pow(alpha, turn)) : rate
        return try call.optimizerStep(states: 2) { x, g, state in
          let slope = norm * x + g
          state[0] = alpha * state[0] + (1 - alpha) * slope
          state[1] = beta * state[1] + (1 - beta) * slope * slope
          return (1 - after) * (x - r * state[0] / (state[1].squareRoot() + epsilon))
        }
      }
    },
    GraphOperator("Momentum", domain: training, inputs: 3...Int.max, outputs: Int.max) { node in
      let (alpha, beta) = (Double(try node.float("alpha", 0)), Double(try node.float("beta", 0)))
      let norm = Double(try node.float("norm_coefficient", 0))
      let isNesterov = try node.word("mode", "standard", among: ["standard", "nesterov"]) == "nesterov"
      return { call in
        let (rate, turn) = (try call.number(0), try call.number(1))
        let share = turn > 0 ? beta : 1
        return try call.optimizerStep(states: 1) { x, g, state in
          let slope = norm * x + g
          state[0] = alpha * state[0] + share * slope
          return x - rate * (isNesterov ? slope + alpha * state[0] : state[0])
        }
      }
    },
    random("RandomUniform", isLike: false) { random, _ in
      random.uniform()
    } _: { node in
      (Double(try node.float("low", 0)), Double(try node.float("high", 1)))
    },
    random("RandomUniformLike", isLike: true) { random, _ in
      random.uniform()
    } _: { node in
      (Double(try node.float("low", 0)), Double(try node.float("high", 1)))
    },
    random("RandomNormal", isLike: false) { random, _ in
      normal(&random)
    } _: { node in
      let mean = Double(try node.float("mean", 0))
      return (mean, mean + Double(try node.float("scale", 1)))
    },
    random("RandomNormalLike", isLike: true) { random, _ in
      normal(&random)
    } _: { node in
      let mean = Double(try node.float("mean", 0))
      return (mean, mean + Double(try node.float("scale", 1)))
    },
    GraphOperator.one("Bernoulli", 1...1) { node in
      let (dtype, seed) = (try node.elementType("dtype"), try node.float("seed", 0))
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        call.run.drewRandomNumbers = true
        var random = Random(seed: UInt64(seed.bitPattern))
        let values = x.values(Double.self).map { random.uniform() < $0 ? Int64(1) : 0 }
        return try call.make(dtype ?? x.type, x.shape, values)
      }
    },
  ]

  private static func normal(_ random: inout Random) -> Double {
    let radius = (-2 * log(1 - random.uniform())).squareRoot()
    return radius * cos(2 * Double.pi * random.uniform())
  }

  /// Numbers drawn from a standard distribution and moved between two bounds (or by mean and deviation).
  private static func random(
    _ name: String, isLike: Bool, _ draw: @escaping @Sendable (inout Random, Int) -> Double,
    _ bounds: @escaping @Sendable (GraphNode) throws -> (Double, Double)
  ) -> GraphOperator {
    GraphOperator.one(name, isLike ? 1...1 : 0...0) { node in
      let (low, high) = try bounds(node)
      let (dtype, seed, shape) = (try node.elementType("dtype"), try node.float("seed", 0), try node.ints("shape"))
      return { call in
        let like = isLike ? try call.tensor(0) : nil
        let shape = like?.shape ?? shape ?? []
        let type = dtype ?? like?.type ?? .float32
        guard type.isFloat else { throw Refusal("random numbers of \(type.name)") }
        try call.reserve(bytesEach: 16, shape)
        call.run.drewRandomNumbers = true
        var random = Random(seed: UInt64(seed.bitPattern))
        let values = (0..<Axes.product(shape)).map { low + draw(&random, $0) * (high - low) }
        return try call.make(type, shape, values)
      }
    }
  }
}

extension GraphCall {
  /// One step for each tensor: after rate and turn come all tensors, their gradients, and their states, kind by kind.
  func optimizerStep(
    states: Int, _ body: (_ x: Double, _ gradient: Double, _ state: inout [Double]) -> Double
  ) throws -> [GraphValue?] {
    let given = try (2..<inputs.count).map { try tensor($0) }
    let kinds = 2 + states
    guard given.count.isMultiple(of: kinds), !given.isEmpty else { throw Refusal("\(given.count) tensors") }
    let count = given.count / kinds
    var results = [GraphTensor?](repeating: nil, count: count * (1 + states))
    for i in 0..<count {
      let parts = (0..<kinds).map { given[$0 * count + i] }
      guard parts.allSatisfy({ $0.shape == parts[0].shape && $0.type == parts[0].type && $0.type.isFloat }) else {
        throw Refusal("tensors of different shapes: \(parts.map(\.shape))")
      }
      var columns = parts.map { $0.values(Double.self) }
      for j in columns[0].indices {
        var state = (0..<states).map { columns[2 + $0][j] }
        columns[0][j] = body(columns[0][j], columns[1][j], &state)
        for k in 0..<states { columns[2 + k][j] = state[k] }
      }
      results[i] = try make(parts[0].type, parts[0].shape, columns[0])
      for k in 0..<states { results[(1 + k) * count + i] = try make(parts[0].type, parts[0].shape, columns[2 + k]) }
    }
    return results.map { $0.map { .tensor($0) } }
  }
}

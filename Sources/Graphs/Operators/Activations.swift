import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Activation functions with their attributes.
extension OperatorLibrary {
  static let activations: [GraphOperator] = [
    GraphOperator.one("Relu", 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        try call.reserve(x.type, x.shape)
        if let tensor = x.tensor { return call.wrap(call.context.relu(tensor)) }
        return x.type.isFloat ? try call.mapSingle(x) { max($0, 0) } : x
      }
    },
    GraphOperator.one("LeakyRelu", 1...1) { node in
      let alpha = try node.float("alpha", 0.01)
      return { call in try call.mapSingle(call.tensor(0)) { $0 < 0 ? alpha * $0 : $0 } }
    },
    GraphOperator.one("ThresholdedRelu", 1...1) { node in
      let alpha = try node.float("alpha", 1)
      return { call in try call.mapSingle(call.tensor(0)) { $0 > alpha ? $0 : 0 } }
    },
    GraphOperator.one("Elu", 1...1) { node in
      let alpha = Double(try node.float("alpha", 1))
      return { call in try call.map(call.tensor(0)) { $0 < 0 ? alpha * expm1($0) : $0 } }
    },
    GraphOperator.one("Celu", 1...1) { node in
      let alpha = Double(try node.float("alpha", 1))
      return { call in try call.map(call.tensor(0)) { max(0, $0) + min(0, alpha * expm1($0 / alpha)) } }
    },
    GraphOperator.one("Selu", 1...1) { node in
      // Before version 6 the constants were given with fewer digits.
      let alpha = Double(try node.float("alpha", node.version < 6 ? 1.6732 : 1.673_263_2))
      let gamma = Double(try node.float("gamma", node.version < 6 ? 1.0507 : 1.050_701))
      return { call in try call.map(call.tensor(0)) { $0 > 0 ? gamma * $0 : gamma * alpha * expm1($0) } }
    },
    GraphOperator.one("Gelu", 1...1) { node in
      let isApproximate = try node.word("approximate", "none", among: ["none", "tanh"]) == "tanh"
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        if x.type == .float32, let tensor = x.tensor {
          try call.reserve(x.type, x.shape)
          return call.wrap(isApproximate ? call.context.geluTanh(tensor) : call.context.gelu(tensor))
        }
        return try call.map(x) { x in
          isApproximate
            ? 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
            : 0.5 * x * (1 + erf(x * 0.5.squareRoot()))
        }
      }
    },
    GraphOperator.one("HardSigmoid", 1...1) { node in
      let (alpha, beta) = (try node.float("alpha", 0.2), try node.float("beta", 0.5))
      return { call in try call.mapSingle(call.tensor(0)) { max(0, min(1, alpha * $0 + beta)) } }
    },
    GraphOperator.one("HardSwish", 1...1) { _ in
      { call in try call.mapSingle(call.tensor(0)) { $0 * max(0, min(1, $0 / 6 + 0.5)) } }
    },
    GraphOperator.one("Mish", 1...1) { _ in
      { call in try call.map(call.tensor(0)) { $0 * tanh(softplus($0)) } }
    },
    GraphOperator.one("Softplus", 1...1) { _ in { call in try call.map(call.tensor(0), softplus) } },
    GraphOperator.one("Softsign", 1...1) { _ in { call in try call.mapSingle(call.tensor(0)) { $0 / (1 + abs($0)) } } },
    GraphOperator.one("Swish", 1...1) { node in
      let alpha = Double(try node.float("alpha", 1))
      return { call in try call.map(call.tensor(0)) { $0 / (1 + exp(-alpha * $0)) } }
    },
    GraphOperator.one("Shrink", 1...1) { node in
      let (bias, lambda) = (Double(try node.float("bias", 0)), Double(try node.float("lambd", 0.5)))
      return { call in
        let x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        return try call.make(
          x.type, x.shape, x.values(Double.self).map { $0 < -lambda ? $0 + bias : $0 > lambda ? $0 - bias : 0 })
      }
    },
    GraphOperator.one("Clip", 1...3) { node in
      // Before version 11 the bounds were attributes.
      let (least, most): (Float?, Float?) =
        node.version < 11 ? (try node.float("min"), try node.float("max")) : (nil, nil)
      return { call in
        var x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        let low = try call.optional(1) ?? least.map { try call.make(x.type, [], [$0]) }
        let high = try call.optional(2) ?? most.map { try call.make(x.type, [], [$0]) }
        for (bound, isLow) in [(low, true), (high, false)] {
          guard let bound else { continue }
          guard bound.count == 1 else { throw Refusal("a bound of shape \(bound.shape)") }
          x = try call.combine(x, bound.reshaped([]), isLow ? .maximum : .minimum)
        }
        return x
      }
    },
  ]
}

/// log(1 + e^x) without leaving the range.
private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Functions of one number each.
extension OperatorLibrary {
  static let functions: [GraphOperator] = [
    engine("Exp") {
      $0.exp($1)
    } _: {
      exp($0)
    },
    engine("Log") {
      $0.log($1)
    } _: {
      log($0)
    },
    engine("Sin") {
      $0.sin($1)
    } _: {
      sin($0)
    },
    engine("Cos") {
      $0.cos($1)
    } _: {
      cos($0)
    },
    engine("Sqrt") {
      $0.sqrt($1)
    } _: {
      $0.squareRoot()
    },
    engine("Reciprocal") {
      $0.reciprocal($1)
    } _: {
      1 / $0
    },
    engine("Erf") {
      $0.erf($1)
    } _: {
      erf($0)
    },
    engine("Tanh") {
      $0.tanh($1)
    } _: {
      tanh($0)
    },
    engine("Sigmoid") {
      $0.sigmoid($1)
    } _: {
      1 / (1 + exp(-$0))
    },
    function("Tan") { tan($0) }, function("Asin") { asin($0) }, function("Acos") { acos($0) },
    function("Atan") { atan($0) }, function("Sinh") { sinh($0) }, function("Cosh") { cosh($0) },
    function("Asinh") { asinh($0) }, function("Acosh") { acosh($0) }, function("Atanh") { atanh($0) },
    rounding("Ceil", .up), rounding("Floor", .down), rounding("Round", .toNearestOrEven),
    GraphOperator.one("Abs", 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        if let tensor = x.tensor { return call.wrap(call.context.absolute(tensor)) }
        return x.type.lane == .float
          ? try call.make(x.type, x.shape, x.values(Float.self).map(\.magnitude)) : x
      }
    },
    GraphOperator.one("Neg", 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        if let tensor = x.tensor { return call.wrap(call.context.negate(tensor)) }
        return x.type.isFloat
          ? try call.make(x.type, x.shape, x.values(Float.self).map { -$0 })
          : try call.make(x.type, x.shape, x.values(Int64.self).map { 0 &- $0 })
      }
    },
    GraphOperator.one("Sign", 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        return x.type == .uint64
          ? try call.make(x.type, x.shape, x.values(UInt64.self).map { $0 == 0 ? 0 : UInt64(1) })
          : try call.make(
            x.type, x.shape, x.values(Double.self).map { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 })
      }
    },
    GraphOperator.one("IsNaN", 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        return try call.make(x.shape, x.values(Double.self).map(\.isNaN))
      }
    },
    GraphOperator.one("IsInf", 1...1) { node in
      let (negative, positive) = (try node.flag("detect_negative", true), try node.flag("detect_positive", true))
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        return try call.make(
          x.shape, x.values(Double.self).map { $0 == .infinity && positive || $0 == -.infinity && negative })
      }
    },
    GraphOperator.one("Not", 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("truth values") { $0 == .bool }
        return try call.make(.bool, x.shape, x.values(Int64.self).map { 1 - $0 })
      }
    },
    GraphOperator.one("BitwiseNot", 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("whole numbers", \.isInteger)
        return try call.make(x.type, x.shape, x.values(Int64.self).map { ~$0 })
      }
    },
  ]

  /// A function that the engine has for its floating-point types.
  private static func engine(
    _ name: String, _ engine: @escaping @Sendable (Context, Tensor) -> Tensor,
    _ body: @escaping @Sendable (Double) -> Double
  ) -> GraphOperator {
    GraphOperator.one(name, 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        try call.reserve(x.type, x.shape)
        if let tensor = x.tensor { return call.wrap(engine(call.context, tensor)) }
        return try call.make(x.type, x.shape, x.values(Double.self).map(body))
      }
    }
  }

  private static func function(_ name: String, _ body: @escaping @Sendable (Double) -> Double) -> GraphOperator {
    GraphOperator.one(name, 1...1) { _ in { call in try call.map(call.tensor(0), body) } }
  }

  private static func rounding(_ name: String, _ rule: FloatingPointRoundingRule) -> GraphOperator {
    GraphOperator.one(name, 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        if x.type.isInteger { return x }
        return try call.map(x) { $0.rounded(rule) }
      }
    }
  }
}

extension GraphCall {
  /// A function of each floating-point number, computed in double precision and rounded once.
  func map(_ x: GraphTensor, _ body: (Double) -> Double) throws -> GraphTensor {
    try x.expect("floating-point numbers", \.isFloat)
    guard x.type == .float32 else {
      try reserve(bytesEach: 16, x.shape)
      return try make(x.type, x.shape, x.values(Double.self).map(body))
    }
    return try make(x.type, x.shape) { target in
      x.withBytes { source in
        let (from, to) = (source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self))
        parallel(x.count) { range in for i in range { to[i] = Float(body(Double(from[i]))) } }
      }
    }
  }

  /// A function of each floating-point number, computed in single precision where that is the type.
  func mapSingle(_ x: GraphTensor, _ body: (Float) -> Float) throws -> GraphTensor {
    try x.expect("floating-point numbers", \.isFloat)
    guard x.type == .float32 else {
      try reserve(bytesEach: 16, x.shape)
      return try make(x.type, x.shape, x.values(Float.self).map(body))
    }
    return try make(x.type, x.shape) { target in
      x.withBytes { source in
        let (from, to) = (source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self))
        parallel(x.count, grain: 16384) { range in for i in range { to[i] = body(from[i]) } }
      }
    }
  }
}

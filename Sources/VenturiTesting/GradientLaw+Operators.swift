import NumericTypes
import Tensors

extension GradientLaw {
  /// The laws of the operators of ``/Tensors/Context`` and the views of ``/Tensors/Tensor``, each under its name; what
  /// follows a dot tells variants apart.
  public static var operators: [GradientLaw] {
    elementwise + views + reductions + rows + matrices + indexing + windows + sequences + batches
  }

  private typealias Unary = (Context) -> (Tensor) -> Tensor
  private typealias Binary = (Context) -> (Tensor, Tensor) -> Tensor

  private static func unary(_ name: String, _ range: ClosedRange<Double> = -2...2, _ apply: @escaping Unary) -> Self {
    GradientLaw(name) { random in
      GradientCase([random.shape(extents: random.integer(0...9) == 0 ? 0...2 : 1...5)], in: range, &random) {
        apply($1)($0[0])
      }
    }
  }

  private static func binary(_ name: String, _ range: ClosedRange<Double> = -2...2, _ apply: @escaping Binary) -> Self {
    GradientLaw(name) { random in
      GradientCase(random.broadcastShapes(), in: range, &random) { apply($1)($0[0], $0[1]) }
    }
  }

  private static var elementwise: [GradientLaw] {
    [
      unary("negate") { $0.negate }, unary("absolute") { $0.absolute }, unary("square") { $0.square },
      unary("sqrt", 0.5...3) { $0.sqrt }, unary("rsqrt", 0.5...3) { $0.rsqrt },
      unary("reciprocal", 0.5...3) { $0.reciprocal }, unary("exp") { $0.exp }, unary("log", 0.5...3) { $0.log },
      unary("sin") { $0.sin }, unary("cos") { $0.cos }, unary("relu") { $0.relu }, unary("tanh") { $0.tanh },
      unary("erf") { $0.erf }, unary("sigmoid") { $0.sigmoid }, unary("silu") { $0.silu }, unary("gelu") { $0.gelu },
      unary("geluTanh") { $0.geluTanh },
      binary("add") { $0.add }, binary("subtract") { $0.subtract }, binary("multiply") { $0.multiply },
      binary("divide", 0.5...3) { $0.divide }, binary("minimum") { $0.minimum }, binary("maximum") { $0.maximum },
      binary("power", 0.5...2) { $0.power }, binary("siluMultiply") { $0.siluMultiply },
      binary("geluMultiply") { $0.geluMultiply }, binary("geluTanhMultiply") { $0.geluTanhMultiply },
      unary("add.scalar") { context in { context.add($0, 1.5) } },
      unary("subtract.scalar") { context in { context.subtract($0, 1.5) } },
      unary("multiply.scalar") { context in { context.multiply($0, -1.5) } },
      unary("divide.scalar") { context in { context.divide($0, -1.5) } },
      unary("power.scalar") { context in { context.power($0, 3) } },
      unary("power.zero", 0.5...2) { context in { context.power($0, 0) } },
      unary("multiply.itself") { context in { context.multiply($0, $0) } },
      GradientLaw("select") { random in
        let shapes = random.broadcastShapes()
        let condition = random.floats((try? shapes[0].broadcast(with: shapes[1]))?.count ?? 0)
        return GradientCase(shapes, &random) { inputs, context in
          let whole = context.add(inputs[0], inputs[1]).shape
          let isChosen = context.compare(context.tensor(condition, whole), .greater, context.zeros([]))
          return context.select(isChosen, inputs[0], inputs[1])
        }
      },
      unary("dropout") { context in { context.square(context.dropout($0, rate: 0.3, seed: 5, stream: 2)) } },
      unary("copy") { $0.copy },
      unary("contiguous") { context in { context.contiguous($0.shape.rank > 1 ? $0.transposed() : $0) } },
      // In f32 a way there and back, in f64 nothing.
      unary("cast") { context in { context.cast(context.square(context.cast($0, to: .f64)), to: .f64) } },
    ]
  }

  private static var views: [GradientLaw] {
    func square(_ x: Tensor, _ context: Context) -> Tensor { context.square(x) }
    return [
      unary("reshaped") { context in { square($0.reshaped([$0.count]), context) } },
      GradientLaw("transposed") { random in
        GradientCase([random.shape(2...4)], &random) { square($0[0].transposed(0, -1), $1) }
      },
      GradientLaw("sliced") { random in
        let shape = random.shape(1...4)
        let axis = random.integer(0...shape.rank - 1)
        let start = random.integer(0...shape[axis])
        let range = start..<random.integer(start...shape[axis])
        return GradientCase([shape], &random) { square($0[0].sliced(axis: axis, range), $1) }
      },
      GradientLaw("broadcast") { random in
        let shapes = random.broadcastShapes()
        let whole = (try? shapes[0].broadcast(with: shapes[1])) ?? []
        return GradientCase([shapes[1]], &random) { square($0[0].broadcast(to: whole), $1) }
      },
      GradientLaw("concatenate") { random in
        let shape = random.shape(1...4)
        let axis = random.integer(0...shape.rank - 1)
        let shapes = (0..<random.integer(1...3)).map { _ in
          var extents = shape.dimensions
          extents[axis] = random.integer(0...3)
          return Shape(extents)
        }
        return GradientCase(shapes, &random) { square($1.concatenate($0, axis: axis), $1) }
      },
    ]
  }

  private static var reductions: [GradientLaw] {
    typealias Reduction = (Context) -> (Tensor, Int?, Bool) -> Tensor
    func law(_ name: String, _ apply: @escaping Reduction) -> GradientLaw {
      GradientLaw(name) { random in
        let shape = random.shape(1...4)
        let axis = random.integer(0...3) == 0 ? nil : Optional(random.integer(-shape.rank...shape.rank - 1))
        let isKept = random.integer(0...1) == 0
        return GradientCase([shape], &random) { $1.square(apply($1)($0[0], axis, isKept)) }
      }
    }
    return [
      law("sum") { $0.sum(_:axis:keepingAxis:) }, law("mean") { $0.mean(_:axis:keepingAxis:) },
      law("maximum.axis") { $0.maximum(_:axis:keepingAxis:) }, law("minimum.axis") { $0.minimum(_:axis:keepingAxis:) },
      GradientLaw("sum.to") { random in
        let shapes = random.broadcastShapes()
        let whole = (try? shapes[0].broadcast(with: shapes[1])) ?? []
        return GradientCase([whole], &random) { $1.square($1.sum($0[0], to: shapes[1])) }
      },
      GradientLaw("sum.long") { random in
        let rows = random.integer(257...600)
        return GradientCase([[2, rows, 3]], &random) { $1.square($1.sum($0[0], to: [1, 1, 3])) }
      },
    ]
  }

  private static var rows: [GradientLaw] {
    func row(_ name: String, _ apply: @escaping Unary) -> GradientLaw {
      GradientLaw(name) { random in
        GradientCase([random.shape(1...3, extents: random.integer(0...9) == 0 ? 0...2 : 1...20)], &random) {
          apply($1)($0[0])
        }
      }
    }
    func norm(_ name: String, inputs: Int, _ apply: @escaping ([Tensor], Int, Context) -> Tensor) -> GradientLaw {
      GradientLaw(name) { random in
        let groups = random.integer(1...3)
        let width = groups * random.integer(2...9)
        let shape = Shape(random.shape(0...2, extents: 1...5).dimensions + [width])
        let shapes = (0..<inputs).map { $0 == 0 ? shape : [width] }
        return GradientCase(shapes, &random) { apply($0, groups, $1) }
      }
    }
    return [
      row("softmax") { $0.softmax }, row("logSoftmax") { $0.logSoftmax },
      norm("rmsNorm", inputs: 2) { $2.rmsNorm($0[0], weight: $0[1], epsilon: 0.01, groups: $1) },
      norm("layerNorm", inputs: 3) {
        $2.layerNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 0.01, groups: $1)
      },
      norm("layerNorm.plain", inputs: 1) { $2.layerNorm($0[0], epsilon: 0.01, groups: $1) },
      norm("layerNorm.weight", inputs: 2) { $2.layerNorm($0[0], weight: $0[1], epsilon: 0.01, groups: $1) },
      norm("layerNorm.bias", inputs: 2) { $2.layerNorm($0[0], bias: $0[1], epsilon: 0.01, groups: $1) },
      GradientLaw("rmsNorm.tall") { random in
        GradientCase([[random.integer(65...140), 6], [6]], &random) {
          $1.rmsNorm($0[0], weight: $0[1], epsilon: 0.01)
        }
      },
      GradientLaw("crossEntropy") { random in
        let rows = random.shape(0...2, extents: random.integer(0...9) == 0 ? 0...1 : 1...6)
        let classes = random.integer(1...40)
        let targets = (0..<rows.count).map { _ in
          random.integer(0...4) == 0 ? -100 : Double(random.integer(0...classes - 1))
        }
        return GradientCase([Shape(rows.dimensions + [classes])], in: -6...6, &random) { inputs, context in
          context.crossEntropy(inputs[0], context.cast(context.doubles(targets, rows), to: .i64))
        }
      },
    ]
  }

  private static var matrices: [GradientLaw] {
    func product(
      _ name: String, _ shapes: @escaping (inout Random) -> [Shape], transposing: (Bool, Bool) = (false, false)
    )
      -> GradientLaw
    {
      GradientLaw(name) { random in
        let shapes = shapes(&random).enumerated().map { index, shape in
          guard index == 0 ? transposing.0 : transposing.1 else { return shape }
          return Shape(shape.dimensions.dropLast(2) + [shape[-1], shape[-2]])
        }
        return GradientCase(shapes, &random) { inputs, context in
          context.matmul(
            transposing.0 ? inputs[0].transposed() : inputs[0], transposing.1 ? inputs[1].transposed() : inputs[1])
        }
      }
    }
    func batched(_ random: inout Random) -> [Shape] {
      let leading = random.broadcastShapes()
      let (m, k, n) = (random.integer(1...5), random.integer(1...5), random.integer(1...5))
      return [Shape(leading[0].dimensions + [m, k]), Shape(leading[1].dimensions + [k, n])]
    }
    func weights(_ random: inout Random) -> [Shape] {
      let leading = random.shape(0...2)
      let (m, k, n) = (random.integer(1...20), random.integer(1...20), random.integer(1...20))
      return [Shape(leading.dimensions + [m, k]), random.integer(0...2) == 0 ? [1, k, n] : [k, n]]
    }
    return [
      product("matmul", batched), product("matmul.weights", weights),
      product("matmul.left", batched, transposing: (true, false)),
      product("matmul.right", batched, transposing: (false, true)),
      product("matmul.linear", weights, transposing: (false, true)),
    ]
  }

  private static var indexing: [GradientLaw] {
    func indices(_ count: Int, below rows: Int, _ random: inout Random) -> [Double] {
      (0..<count).map { _ in Double(random.integer(0...rows - 1)) }
    }
    func scatter(_ name: String, _ apply: @escaping (Context) -> (Tensor, Tensor, Tensor) -> Tensor) -> GradientLaw {
      GradientLaw(name) { random in
        let (rows, count) = (random.integer(1...5), random.integer(0...6))
        let inner = random.shape(0...2).dimensions
        let positions = indices(count, below: rows, &random)
        return GradientCase([Shape([rows] + inner), Shape([count] + inner)], &random) { inputs, context in
          let index = context.cast(context.doubles(positions, [count]), to: .i32)
          return context.square(apply(context)(inputs[0], index, inputs[1]))
        }
      }
    }
    return [
      GradientLaw("gather") { random in
        let (rows, shape) = (random.integer(1...5), random.shape(0...2, extents: 0...4))
        let inner = random.shape(0...2).dimensions
        let positions = indices(shape.count, below: rows, &random)
        return GradientCase([Shape([rows] + inner)], &random) { inputs, context in
          context.square(context.gather(inputs[0], context.cast(context.doubles(positions, shape), to: .i64)))
        }
      },
      scatter("scatter") { $0.scatter }, scatter("scatterAdd") { $0.scatterAdd },
    ]
  }

  private static var windows: [GradientLaw] {
    /// A window that fits an image, and the image's extents.
    func window(_ random: inout Random) -> (Window, [Int]) {
      let rank = random.integer(1...3)
      var (window, extents) = (Window(), [1, 1, 1])
      for axis in 3 - rank..<3 {
        window.kernel[axis] = random.integer(1...3)
        window.strides[axis] = random.integer(1...3)
        window.dilations[axis] = random.integer(1...2)
        let span = window.dilations[axis] * (window.kernel[axis] - 1) + 1
        window.before[axis] = random.integer(0...min(1, window.kernel[axis] - 1))
        window.after[axis] = random.integer(0...min(1, window.kernel[axis] - 1))
        extents[axis] = span + random.integer(0...3)
      }
      return (window, extents)
    }
    func pool(_ name: String, _ apply: @escaping (Tensor, Window, [Int], Context) -> Tensor) -> GradientLaw {
      GradientLaw(name) { random in
        let (window, extents) = window(&random)
        let shape = Shape([random.integer(1...2), random.integer(1...3)] + extents)
        let outputs = (0..<3).map { window.outputs(extents[$0], axis: $0) }
        return GradientCase([shape], &random) { $1.square(apply($0[0], window, outputs, $1)) }
      }
    }
    func convolution(_ name: String, hasBias: Bool) -> GradientLaw {
      GradientLaw(name) { random in
        let (window, extents) = window(&random)
        let groups = random.integer(1...2)
        let (inputs, outputs) = (random.integer(1...2), groups * random.integer(1...3))
        let x = Shape([random.integer(1...2), groups * inputs] + extents)
        let shapes = [x, Shape([outputs, inputs] + window.kernel)] + (hasBias ? [Shape([outputs])] : [])
        return GradientCase(shapes, &random) { parts, context in
          context.convolution(
            parts[0], parts[1], bias: hasBias ? parts[2] : nil, window: window, groups: groups)
        }
      }
    }
    return [
      convolution("convolution", hasBias: true), convolution("convolution.plain", hasBias: false),
      pool("maxPool") { $3.maxPool($0, window: $1, outputs: $2) },
      pool("averagePool") { $3.averagePool($0, window: $1, outputs: $2) },
      pool("averagePool.margin") { $3.averagePool($0, window: $1, outputs: $2, countsMargin: true) },
    ]
  }
}

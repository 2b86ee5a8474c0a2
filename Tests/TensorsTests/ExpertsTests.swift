import CVenturi
import NumericTypes
import Tensors
import Testing

/// Products of groups of rows with matrices of their own, against the products of each row by itself.
@Suite struct ExpertsTests {
  static let types: [DType] = [
    .f32, .f16, .bf16, .q4_0, .q4_1, .q8_0, .q8_1, .q4_K, .q6_K, .q8_K, .iq2_xxs, .tq1_0,
  ]

  static func matrices(_ dtype: DType, count: Int, out: Int, k: Int, seed: UInt64, _ context: Context) throws
    -> (PackedMatrices, [PackedMatrix])
  {
    let rows = (0..<count).map { LinearTests.weights(dtype, rows: out, k: k, seed: seed + UInt64($0), context) }
    let stack = context.empty([count, out, k], dtype)
    let bytes = try dtype.byteCount(of: out * k)
    for (index, part) in rows.enumerated() {
      (stack.pointer + index * bytes).copyMemory(from: part.pointer, byteCount: bytes)
    }
    return (
      try PackedMatrices(packing: stack, context: context),
      try rows.map { try PackedMatrix(packing: $0, context: context) }
    )
  }

  struct Case {
    let context: Context
    let width: Int
    let experts: PackedExperts
    let parts: [[PackedMatrix]]

    init(_ dtype: DType, down: DType? = nil, experts count: Int = 5, hidden: Int? = nil, _ context: Context) throws {
      let block = max(dtype.blockLength, 32)
      let hidden = hidden ?? block + (dtype.isBlockQuantized ? 0 : 7)
      width = dtype.isBlockQuantized ? block : 37
      let gate = try ExpertsTests.matrices(dtype, count: count, out: hidden, k: width, seed: 1, context)
      let up = try ExpertsTests.matrices(dtype, count: count, out: hidden, k: width, seed: 100, context)
      let down = try ExpertsTests.matrices(down ?? dtype, count: count, out: width, k: hidden, seed: 200, context)
      experts = PackedExperts(gate: gate.0, up: up.0, down: down.0)
      parts = [gate.1, up.1, down.1]
      self.context = context
    }

    func run(_ x: Tensor, _ chosen: [Int32], _ weights: [Float], precision: LinearPrecision) -> [Float] {
      let rows = x.shape[0]
      let y = context.tensor((0..<rows * width).map { Float($0 % 5) }, [rows, width])
      let table = context.empty([rows, chosen.count / rows], .i32)
      for (index, expert) in chosen.enumerated() { table.pointer(as: Int32.self)[index] = expert }
      context.addExperts(
        x, chosen: table, weights: context.tensor(weights, [rows, chosen.count / rows]), experts, precision: precision,
        to: y)
      return LinearTests.values(y)
    }

    /// Row by row and expert by expert with the house's ordinary products.
    func expected(_ x: Tensor, _ chosen: [Int32], _ weights: [Float], precision: LinearPrecision) -> [Float] {
      let rows = x.shape[0]
      var y = (0..<rows * width).map { Float($0 % 5) }
      let used = chosen.count / rows
      for row in 0..<rows {
        let one = context.contiguous(x.sliced(axis: 0, row..<row + 1))
        for slot in row * used..<(row + 1) * used {
          let expert = Int(chosen[slot])
          let hidden = context.gatedLinear(
            LinearInput(one), gate: parts[0][expert], up: parts[1][expert], precision: precision)
          let out = LinearTests.values(context.linear(LinearInput(hidden), [parts[2][expert]], precision: precision)[0])
          for column in 0..<width { y[row * width + column] += weights[slot] * out[column] }
        }
      }
      return y
    }
  }

  static func choices(rows: Int, used: Int, experts: Int, seed: UInt64) -> ([Int32], [Float]) {
    var random = Random(seed: seed)
    var (chosen, weights) = ([Int32](), [Float]())
    for _ in 0..<rows {
      var left = Array(0..<experts)
      for _ in 0..<used {
        chosen.append(Int32(left.remove(at: Int(random.next() % UInt64(left.count)))))
        weights.append(Float(random.uniform()))
      }
    }
    return (chosen, weights)
  }

  @Test(arguments: types, [LinearPrecision.exact, .bytes, .refined])
  func rowsGetWhatTheyGetAlone(_ dtype: DType, _ precision: LinearPrecision) throws {
    for kernels in KernelSet.allCases where kernels.isSupported {
      for threads in kernels == .preferred ? [1, 2] : [2] {
        let context = Context(threads: threads, kernels: kernels)
        let test = try Case(dtype, experts: 3, context)
        for (rows, used) in [(1, 2), (2, 3), (19, 2)] {
          let x = LinearTests.input(rows: rows, k: test.width, seed: 9, context)
          let (chosen, weights) = Self.choices(rows: rows, used: used, experts: 3, seed: UInt64(rows))
          let found = test.run(x, chosen, weights, precision: precision)
          let wanted = test.expected(x, chosen, weights, precision: precision)
          #expect(found == wanted, "\(kernels), \(threads) threads, \(rows) rows of \(used)")
        }
      }
    }
  }

  @Test func typesMayDifferAndExpertsMayStandIdle() throws {
    let context = Context(threads: 2)
    for (dtype, down) in [(DType.q4_K, DType.q6_K), (.q4_0, .q8_0), (.f32, .f16)] {
      let test = try Case(dtype, down: down, experts: 40, hidden: down == .q6_K ? 256 : 64, context)
      let x = LinearTests.input(rows: 9, k: test.width, seed: 3, context)
      // All rows meet the same two, or expert 39 twice.
      for chosen in [[Int32](repeating: 0, count: 18), (0..<18).map { Int32($0 % 2 == 0 ? 39 : 4) }] {
        let weights = (0..<18).map { Float($0) / 7 - 1 }
        let found = test.run(x, chosen, weights, precision: .bytes)
        #expect(found == test.expected(x, chosen, weights, precision: .bytes))
      }
    }
  }

  @Test func aCapturedCallFollowsItsChoices() throws {
    let context = Context(threads: 2)
    let test = try Case(.q8_0, context)
    for rows in [1, 6] {
      let x = LinearTests.input(rows: rows, k: test.width, seed: 5, context)
      let table = context.empty([rows, 2], .i32)
      let weights = context.tensor((0..<rows * 2).map { Float($0) / 3 + 0.5 }, [rows, 2])
      let y = context.empty(x.shape)
      func start(_ chosen: [Int32]) {
        for (index, expert) in chosen.enumerated() { table.pointer(as: Int32.self)[index] = expert }
        for index in 0..<y.count { y.pointer(as: Float.self)[index] = Float(index % 5) }
      }
      let plan = Plan()
      start([Int32](repeating: 0, count: rows * 2))
      plan.capture(in: context) {
        context.addExperts(x, chosen: table, weights: weights, test.experts, precision: .bytes, to: y)
      }
      for seed: UInt64 in 0..<5 {
        let (chosen, _) = Self.choices(rows: rows, used: 2, experts: 5, seed: seed)
        start(chosen)
        plan.replay()
        let wanted = test.expected(x, chosen, LinearTests.values(weights), precision: .bytes)
        #expect(LinearTests.values(y) == wanted, "\(rows) rows, choices of seed \(seed)")
      }
    }
  }

  @Test(arguments: types) func headsMeetTheirOwnMatrices(_ dtype: DType) throws {
    let context = Context(threads: 2)
    let (heads, k) = (3, dtype.isBlockQuantized ? dtype.blockLength : 19)
    let (matrices, parts) = try Self.matrices(dtype, count: heads, out: 21, k: k, seed: 1, context)
    for rows in [1, 5, 40] {
      let x = LinearTests.input(rows: rows, k: heads * (k + 6), seed: 2, context)
      let y = context.tensor([Float](repeating: 7, count: rows * heads * 24), [rows, heads * 24])
      context.linearByHead(x, matrices, to: y, precision: .bytes)
      let found = LinearTests.values(y)
      for head in 0..<heads {
        let part = context.contiguous(x.sliced(axis: 1, head * (k + 6)..<head * (k + 6) + k))
        let wanted = LinearTests.values(context.linear(LinearInput(part), [parts[head]], precision: .bytes)[0])
        for row in 0..<rows {
          let start = (row * heads + head) * 24
          #expect(Array(found[start..<start + 21]) == Array(wanted[row * 21..<(row + 1) * 21]))
          #expect(found[start + 21..<start + 24].allSatisfy { $0 == 7 })
        }
      }
    }
  }
}

import Costs
import Models
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// What a recorder sees of a model's steps, beside closed forms written down here by hand.
@Suite struct OperatorRecordTests {
  // The tiny model's sizes, and one layer's matrices [out, in].
  static let (layers, width, heads, kvHeads, headDim, feedForward, vocabulary) = (2, 64, 2, 1, 32, 128, 300)
  static let matrices = [
    "mixer q,k,v": [(64, 64), (32, 64), (32, 64)], "mixer output": [(64, 64)], "mlp gate,up": [(128, 64), (128, 64)],
    "mlp down": [(64, 128)],
  ]

  struct Setting: Sendable, CustomTestStringConvertible {
    var dtype: DType
    var compute: ComputeMode
    var kernels: KernelSet
    var threads = 1
    var cache: CacheType?
    var testDescription: String {
      "\(dtype.displayName) \(compute) \(kernels) ×\(threads)" + (cache.map { " cache \($0)" } ?? "")
    }

    static let all: [Setting] =
      KernelSet.allCases.filter(\.isSupported).flatMap { kernels in
        [.q4_0, .q4_1, .q8_0, .iq4_nl, .f16, .f32].flatMap { (dtype: DType) in
          ComputeMode.allCases.map { Setting(dtype: dtype, compute: $0, kernels: kernels) }
        }
      } + [
        Setting(dtype: .q4_0, compute: .fast, kernels: .preferred, threads: 2),
        Setting(dtype: .q4_0, compute: .fast, kernels: .preferred, cache: .q8),
      ]

    /// Bytes of a row of `count` weights as the format defines it.
    func weightBytes(_ count: Int) -> Double {
      switch dtype {
      case .q4_0, .iq4_nl: Double(count / 32 * 18)
      case .q4_1: Double(count / 32 * 20)
      case .q8_0: Double(count / 32 * 34)
      case .f16: Double(count * 2)
      default: Double(count * 4)
      }
    }

    var isExact: Bool { compute == .f32 || dtype == .f16 || dtype == .f32 }

    /// Weights of eight bits, the values of IQ4_NL's table among them.
    var isEightBits: Bool { dtype == .q8_0 || dtype == .iq4_nl }

    /// Whether products of a part take 16-bit inputs.
    func isRefined(_ part: String, layer: Int?) -> Bool {
      if dtype == .q8_0, kernels != .avx512 { return true }
      return part == "mixer q,k,v" || part == "head" || (part == "mlp down" && layer == 0)
    }

    /// Bytes of a row of `count` inputs as the products of a part read it: for each 32 values their bytes, a scale, a
    /// sum and, for products of bytes, three integer sums and two scaled ones.
    func inputBytes(_ count: Int, _ part: String, layer: Int?) -> Double {
      if isExact { return Double(4 * count) }
      let each =
        !isRefined(part, layer: layer) ? 32 + 4 + 4 + 20 : isEightBits ? 64 + 4 : 64 + 4 + 4 + 20
      return Double(count / 32 * each)
    }

    func arithmetic(_ part: String, layer: Int?) -> [Precision: Double] {
      if isExact { return [.f32: 1] }
      let isRefined = isRefined(part, layer: layer)
      if isEightBits { return isRefined ? [.int16: 1] : [.int8: 1] }
      return [.int4: isRefined ? 2 : 1]
    }

    /// The bytes of the cache for each number; integers have a scale for the 32 of a head.
    var cacheBytes: Double { cache == .q8 ? 1 + 4 / 32 : compute == .f32 ? 4 : 2 }
  }

  /// The records of a prompt of 40 tokens, which runs operator by operator, and of the replayed token after it.
  static func steps(_ setting: Setting) throws -> (prefill: [OperatorRecord], decode: [OperatorRecord]) {
    let context = Context(threads: setting.threads, kernels: setting.kernels)
    let model = try TinyLlama.model(
      dtype: setting.dtype, options: LoadOptions(compute: setting.compute, cache: setting.cache), context: context)
    let state = try model.makeState(capacity: 100)
    let recorder = OperatorRecorder(capacity: 1)
    func step(_ tokens: [Int32]) throws {
      recorder.clear()
      let batch = TokenBatch([.init(state: state, tokens: tokens)])
      _ = try context.recording(into: recorder) { try model.evaluate(batch, isCancelled: { false }) }
    }
    try step((0..<40).map { $0 })
    let prefill = recorder.records
    try step([7])
    let captured = recorder.records.map { "\($0.operator.scope) \($0.operator.kind)" }
    #expect(state.rewind(to: 40))
    try step([7])
    let decode = recorder.records
    #expect(captured == decode.map { "\($0.operator.scope) \($0.operator.kind)" }, "the replay is what was captured")
    recorder.clear()
    _ = try model.evaluate(TokenBatch([.init(state: state, tokens: [8])]), isCancelled: { false })
    #expect(recorder.records.isEmpty, "nobody records any more")
    return (prefill, decode)
  }

  @Test(
    "FLOPs and bytes of every operator are their closed forms, and the names cover all of them", arguments: Setting.all)
  func closedForms(_ setting: Setting) throws {
    let steps = try Self.steps(setting)
    try check(steps.prefill, setting, rows: 40, position: 0)
    try check(steps.decode, setting, rows: 1, position: 40)
  }

  private func check(_ records: [OperatorRecord], _ setting: Setting, rows: Int, position: Int) throws {
    var counts: [String: Int] = [:]
    var flops = 0.0
    var last = 0.0
    for record in records {
      let scope = record.operator.scope
      let part = scope.path.joined(separator: " ")
      let name = "\(part) \(record.operator.kind.rawValue)"
      counts[name, default: 0] += 1
      #expect(record.start >= last && record.seconds >= 0, "\(name) ran in its order")
      last = record.start + record.seconds
      #expect((scope.layer != nil) == (part.hasPrefix("mixer") || part.hasPrefix("mlp")), "\(name)")
      let expected = try expected(record, part, setting, rows: rows, position: position)
      let found = try #require(record.cost)
      #expect(found == expected, "\(name) \(scope.layer ?? -1)")
      if record.operator.kind == .linear {
        #expect(record.operator.arithmetic == setting.arithmetic(part, layer: scope.layer), "\(name)")
      }
      flops += found.total.flops
    }
    var names = [
      " embedding": 1, "mixer rmsNorm": 2, "mixer q,k,v linear": 2, "mixer rope": 2, "mixer cacheAppend": 2,
      "mixer attention": 2, "mixer output linear": 2, "mlp rmsNorm": 2, "mlp gate,up linear": 2, "mlp down linear": 2,
      "head rmsNorm": 1, "head linear": 1,
    ]
    if rows > 1 { names[" gather"] = 1 }
    if !setting.isExact {
      for part in Self.matrices.keys { names["\(part) quantize"] = 2 }
      names["head quantize"] = 1
    }
    #expect(counts == names)
    // Two operations a weight and row: 64·64 + 2·64·32 + 64·64 + 3·64·128 weights a layer, and the head's for one row.
    let products = 2.0 * Double(rows * 2 * (4096 + 4096 + 4096 + 24576) + 300 * 64)
    let linear = records.filter { $0.operator.kind == .linear }.reduce(0) { $0 + ($1.cost?.total.flops ?? 0) }
    #expect(linear == products && flops > products)
  }

  /// The cost of an operator, from sizes alone.
  private func expected(
    _ record: OperatorRecord, _ part: String, _ setting: Setting, rows: Int, position: Int
  ) throws -> OperatorCost {
    let n = Double(part == "head" ? 1 : rows)
    let floats = { (count: Int) in 4 * n * Double(count) }
    switch record.operator.kind {
    case .linear:
      let layer = record.operator.scope.layer
      // Panels have 16 rows, so the head's 300 take 304.
      let parts = part == "head" ? [(300, 64)] : try #require(Self.matrices[part])
      let weights = parts.reduce(0) { $0 + Double(($1.0 + 15) / 16 * 16) * setting.weightBytes($1.1) }
      let outputs = part == "mlp gate,up" ? 128 : parts.reduce(0) { $0 + $1.0 }
      let isAdded = part == "mixer output" || part == "mlp down"
      return OperatorCost(
        flops: parts.reduce(0) { $0 + 2 * n * Double($1.0 * $1.1) },
        bytesRead: weights + n * setting.inputBytes(parts[0].1, part, layer: layer) + (isAdded ? floats(outputs) : 0),
        bytesWritten: floats(outputs), residentBytes: weights)
    case .quantize:
      let k = part == "mlp down" ? 128 : 64
      let tiles = n * setting.inputBytes(k, part, layer: record.operator.scope.layer)
      return OperatorCost(flops: 3 * n * Double(k), bytesRead: floats(k), bytesWritten: tiles)
    case .attention:
      // The query at position p sees p + 1 keys; two heads, one head of keys and values.
      let pairs = (0..<rows).reduce(0) { $0 + position + $1 + 1 }
      let state = 2 * Double(position + rows) * 32 * setting.cacheBytes
      return OperatorCost(
        flops: 4 * 32 * 2 * Double(pairs), bytesRead: floats(64) + state, bytesWritten: floats(64),
        residentBytes: state)
    case .cacheAppend: return OperatorCost(bytesRead: floats(64), bytesWritten: n * 64 * setting.cacheBytes)
    case .rope:
      // q's two heads and k's one, each pair two products and a sum twice; a row of 32 cosines and sines.
      return OperatorCost(flops: 3 * n * 96, bytesRead: floats(96) + floats(32), bytesWritten: floats(96))
    case .rmsNorm: return OperatorCost(flops: 4 * n * 64, bytesRead: floats(64), bytesWritten: floats(64))
    case .gather: return OperatorCost(bytesRead: 4 * 64, bytesWritten: 4 * 64)
    default:
      #expect(record.operator.kind == .embedding)
      let packed = n * setting.weightBytes(64)
      return OperatorCost(bytesRead: packed + 4 * n, bytesWritten: floats(64), residentBytes: packed)
    }
  }
}

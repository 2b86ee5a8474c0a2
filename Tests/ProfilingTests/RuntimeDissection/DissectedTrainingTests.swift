import Costs
import Profiling
import Tensors
import Testing
import Training

@Suite("Dissected steps of training")
struct DissectedTrainingTests {
  static let sizes = GPTConfiguration.llama(
    vocabulary: 97, length: 24, layers: 2, width: 32, heads: 4, kvHeads: 2, hidden: 48)
  static let (rows, length) = (2, 24)

  static func run(_ cell: String, _ context: Context) throws -> DissectedTraining {
    try DissectedTraining(
      .sizes(sizes), DissectionCell(parsing: cell), rows: rows, length: length, context: context)
  }

  static func losses(_ cell: String, threads: Int = 1) throws -> [Double] {
    let run = try run(cell, Context(threads: threads))
    for _ in 0..<4 { try run.step() }
    return run.losses
  }

  static func step(_ cell: String) throws -> DissectedStep {
    let run = try run(cell, Context(threads: 1))
    try run.step()
    return try run.recordedStep()
  }

  @Test("Fused attention, computing again and the disk change no loss")
  func exact() throws {
    let plain = try Self.losses("N")
    #expect(plain.count == 4 && Set(plain).count == 4)
    for (cell, same) in [("R", plain), ("O", plain), ("R+O", plain)] {
      #expect(try Self.losses(cell) == same, "\(cell)")
    }
    for cell in ["F", "F+R", "F+R+O"] {
      for (found, wanted) in zip(try Self.losses(cell), plain) { #expect(abs(found / wanted - 1) < 1e-5, "\(cell)") }
    }
    #expect(try Self.losses("F+R+O") == Self.losses("F", threads: 2))
  }

  @Test("Four bits change the loss by less than two hundredths")
  func quantised() throws {
    let (plain, packed) = (try Self.losses("F+L"), try Self.losses("F+QL"))
    #expect(plain != packed)
    for (found, wanted) in zip(packed, plain) { #expect(abs(found / wanted - 1) < 0.02) }
    #expect(try Self.losses("F+R+QL") == packed)
  }

  /// Operations of products in a step, by hand: T tokens, and for attention B·H·N² pairs.
  static func products(fused: Bool, again: Bool) -> Double {
    let tokens = rows * length
    let layer = 32 * (4 + 2 * 2) * 8 + 32 * 32 + 3 * 32 * 48
    let pairs = Double(rows * 4 * length * length)
    let linear = 2.0 * Double(tokens * layer)
    // Two products forward; backward four that are kept, or five of which one makes the scores anew, half of the pairs each.
    let forward = fused ? 2 * pairs / 2 * 16 : 2 * 2 * pairs * 8
    let backward = fused ? 5 * pairs / 2 * 16 : 2 * forward
    let head = 3 * 2.0 * Double(tokens * 97 * 32)
    return 2 * (3 * linear + forward + backward + (again ? linear + forward : 0)) + head
  }

  @Test(
    "Operations of products equal the closed form exactly",
    arguments: [("N", false, false), ("F", true, false), ("R", false, true), ("F+R", true, true), ("F+O", true, false)])
  func operations(_ cell: String, _ fused: Bool, _ again: Bool) throws {
    #expect(try Self.step(cell).products == Self.products(fused: fused, again: again))
  }

  @Test("A frozen model has no gradients of its matrices: low-rank changes' operations by hand")
  func lowRankOperations() throws {
    let (tokens, rank, width) = (Double(Self.rows * Self.length), 8.0, 32.0)
    // q, k, v, output, gate, up, down: outputs and inputs.
    let targets: [(Double, Double)] = [(32, 32), (16, 32), (16, 32), (32, 32), (48, 32), (48, 32), (32, 48)]
    let frozen = targets.reduce(0) { $0 + 2 * tokens * $1.0 * $1.1 }
    let low = targets.reduce(0) { $0 + 2 * tokens * rank * ($1.0 + $1.1) }
    // The first block's input has no gradient: nothing goes back through its q, k and v, nor through their first factors.
    let first = targets[..<3].reduce(0) { $0 + 2 * tokens * ($1.0 * $1.1 + rank * $1.1) }
    let pairs = Double(Self.rows * 4 * Self.length * Self.length)
    let attention = 7 * pairs / 2 * 16
    let head = 2 * 2 * tokens * 97 * width
    #expect(try Self.step("F+L").products == 2 * (2 * frozen + 3 * low + attention) - first + head)
    #expect(try Self.step("F+QL").products == Self.step("F+L").products)
  }

  @Test("Operators of the way back stand where those of the way forward do")
  func places() throws {
    for cell in ["N", "F+R"] {
      let step = try Self.step(cell)
      func modules(_ phase: DissectionPhase) -> Set<String> {
        Set(step.operators.filter { $0.phase == phase && $0.layer != nil }.map(\.module))
      }
      let all: Set<String> = [
        "norm", "qkv", "rotary", "attention", "output", "residual", "gate", "up", "activation", "down",
      ]
      #expect(modules(.forward) == all)
      #expect(all.subtracting(modules(.backward)) == ["residual"], "a sum's gradient is that of its terms")
      #expect(modules(.recompute) == (cell == "N" ? [] : all))
      #expect(Set(step.operators.filter { $0.phase == .backward }.compactMap(\.layer)) == [0, 1])
      #expect(step.operators.contains { $0.phase == .forward && $0.module == "head" })
      #expect(step.operators.contains { $0.phase == .optimizer } && !step.operators.contains { $0.module == "other" })
    }
    let parts = Set(try Self.step("N").operators.filter { $0.module == "attention" }.map(\.part))
    #expect(parts.isSuperset(of: ["scores", "softmax", "values"]))
  }

  @Test("Modules and idle time make the step, and stretches nest")
  func accounting() throws {
    let step = try Self.step("F+R")
    let sum = DissectedModule.modules(of: [step]).reduce(0) { $0 + $1.seconds }
    #expect(abs((sum + step.idle) / step.seconds - 1) < 1e-6)
    #expect(SpanLaw.problem(DissectionSpan(step), step) == nil)
    let trace = DissectionSpan.trace([("F+R", step)])["traceEvents"]?.elements ?? []
    #expect(trace.count == 1 + DissectionSpan(step).all.count)
  }

  @Test("The peak is the allocator's, and is known before the run", arguments: ["N", "F", "R", "F+R+O", "F+L", "F+QL"])
  func memory(_ name: String) throws {
    let cell = try DissectionCell(parsing: name)
    let context = Context(threads: 1)
    #expect(context.allocator.liveBytes == 0)
    let run = try Self.run(name, context)
    try run.step()
    let outside = run.memory.peak - context.allocator.peakLiveBytes
    // Packed weights are no tensors.
    #expect(cell.has(.quantised) ? outside > 0 : outside == 0)
    try run.step()
    let predicted = try DissectedTraining.rehearsedPeak(
      .sizes(Self.sizes), cell, rows: Self.rows, length: Self.length, threads: 1)
    #expect(abs(Double(predicted) / Double(run.memory.peak) - 1) < 0.02, "\(predicted) for \(run.memory.peak)")
    let memory = run.memory
    #expect(memory.weights + memory.gradients + memory.optimizer + memory.activations + memory.rest == memory.peak)
    #expect(memory.gradients == 4 * run.trainedCount)
    #expect(cell.has(.offload) ? memory.optimizer == 0 && run.diskBytes > 0 : run.diskBytes == 0)
  }

  @Test("What techniques are for shows in bytes")
  func directions() throws {
    func memory(_ cell: String, length: Int = 96) throws -> DissectedTraining.Memory {
      var sizes = Self.sizes
      sizes.length = length
      sizes.layers = 6
      let run = try DissectedTraining(
        .sizes(sizes), DissectionCell(parsing: cell), rows: 2, length: length, context: Context(threads: 1))
      try run.step()
      return run.memory
    }
    let plain = try memory("N")
    #expect(try 2 * memory("R").activations < plain.activations)
    #expect(try memory("F").activations < plain.activations)
    #expect(try memory("O").optimizer == 0 && plain.optimizer > 0)
    let (low, packed) = (try memory("F+L"), try memory("F+QL"))
    #expect(low.optimizer < plain.optimizer && packed.weights < low.weights)
  }

  @Test("The largest batch fits, and one row more does not")
  func largest() throws {
    let cell = DissectionCell([.fusedAttention])
    func peak(_ rows: Int) throws -> Int {
      try DissectedTraining.rehearsedPeak(.sizes(Self.sizes), cell, rows: rows, length: Self.length, threads: 1)
    }
    let limit = try peak(5)
    let found = try DissectedTraining.largestBatch(
      .sizes(Self.sizes), cell, length: Self.length, within: limit, atMost: 64, threads: 1)
    let rows = try #require(found)
    #expect(try rows >= 5 && peak(rows) <= limit + limit / 50 && peak(rows + 1) > limit)
    #expect(
      try DissectedTraining.largestBatch(
        .sizes(Self.sizes), cell, length: Self.length, within: 1000, atMost: 64, threads: 1) == nil)
  }

  @Test("A cell's speed is its tokens over its step's time, and the report has three levels")
  func result() throws {
    let dissection = Dissection(
      .sizes(Self.sizes), mode: .finetune, rows: Self.rows, length: Self.length, steps: 2, memoryLimit: 1 << 30)
    var told: [String] = []
    let result = try dissection.run(
      DissectionCell.grid(parsing: "F,F+L"), threads: 1, ceilings: DissectionSamples.machine(),
      report: { told.append($0) })
    #expect(told.contains { $0.hasPrefix("F+L") })
    for cell in result.cells {
      #expect(cell.step.count == 2 && cell.recorded.count == 2 && cell.losses.count == 5)
      #expect(abs(cell.tokensPerSecond * cell.step.median / Double(Self.rows * Self.length) - 1) < 1e-12)
      // Every product of the layers and the head is found by its shape.
      let found = cell.products.reduce(0.0) { $0 + Double($1.count) * $1.flops }
      let matmuls = try #require(cell.recorded.first).operators.filter { $0.kind == .matmul && $0.part.isEmpty }
      #expect(found == matmuls.reduce(0) { $0 + $1.cost.flops })
    }
    let json = result.json
    let first = try #require(json["cells"]?.elements?.first)
    for level in ["modules", "products", "traffic"] { #expect(first[level]?.elements?.isEmpty == false, "\(level)") }
    #expect(result.verdict.hasPrefix("largest bottleneck of F: ") && result.verdict.contains("\n1. within"))
    #expect(throws: CancellationError.self) {
      try dissection.run(
        [DissectionCell()], threads: 1, ceilings: DissectionSamples.machine(), isCancelled: { true })
    }
  }

  @Test("What does not fit is left out with its bytes")
  func limits() throws {
    let dissection = Dissection(.sizes(Self.sizes), mode: .train, length: Self.length, steps: 1, memoryLimit: 1 << 16)
    let result = try dissection.run([DissectionCell()], threads: 1, ceilings: DissectionSamples.machine())
    #expect(result.cells.isEmpty && result.refused.first?.reason.contains("more than 65536") == true)
    #expect(result.verdict == "nothing was measured")
  }
}

import CVenturi
import Costs
import NumericTypes
import Tensors
import Training

/// A model that is trained as a cell of the grid says, step after step, with its times and its memory.
public final class DissectedTraining {
  /// Seconds of a step's parts; they follow each other, and nothing is between them.
  public struct Times: Sendable, Hashable {
    /// The loss.
    public var forward: Double
    /// The gradients, with what is computed again for them.
    public var backward: Double
    /// The weights.
    public var optimizer: Double

    /// The step.
    public var step: Double { forward + backward + optimizer }
  }

  /// Bytes of tensors.
  public struct Memory: Sendable, Hashable {
    /// Weights, frozen ones too.
    public var weights = 0
    /// Gradients when all are there.
    public var gradients = 0
    /// What the optimizer keeps in memory.
    public var optimizer = 0
    /// What it keeps on the disk.
    public var onDisk = 0
    /// What the way forward left when the way back began, gradients that the head made then left out.
    public var activations = 0
    /// All that was there at once, at most: the allocator's high-water mark and the packed weights, which it does not count.
    public var peak = 0
    /// Resident bytes of the process beyond those before the model was made, at most; nothing where the system does not tell.
    public var resident: Int?

    /// What of the peak the parts do not explain: gradients of activations, scratch, rounding of blocks.
    public var rest: Int { peak - weights - optimizer - activations - gradients }
  }

  /// The cell.
  public let cell: DissectionCell
  /// The model's sizes.
  public let sizes: GPTConfiguration
  /// The numbers that are trained.
  public let trainedCount: Int
  /// Rows of a batch.
  public let rows: Int
  /// Tokens of a row.
  public let length: Int
  /// Bytes, as of the steps taken so far.
  public private(set) var memory = Memory()
  /// The losses of the steps taken so far.
  public private(set) var losses: [Double] = []

  private let context: Context
  private let parameters: [Parameter]
  private let buffers: [Parameter]
  private let loss: (Training.TokenBatch, Pass) throws -> Tensor
  private let optimizer: GroupOptimizer
  private let stateFile: StateFile?
  /// The folder of the state's file goes with this.
  private let place: TemporaryPlace?
  private let packedBytes: Int
  private let start: Int
  private let residentStart: Int?
  private let headGradient: Int

  /// AdamW's rate.
  static let rate = 1e-4
  /// Rank and α of the low-rank changes.
  static let (rank, alpha) = (8, 16.0)

  /// A run of `cell` over `subject`.
  ///
  /// - Parameters:
  ///   - subject: the model.
  ///   - cell: the techniques; what they cannot be together is refused before (``DissectionCell/prove(in:)``).
  ///   - rows: rows of a batch.
  ///   - length: tokens of a row.
  ///   - context: where to compute; nobody else takes memory of it meanwhile.
  /// - Throws: what the model, the optimizer and its file throw.
  public init(
    _ subject: DissectionSubject, _ cell: DissectionCell, rows: Int, length: Int, context: Context
  ) throws {
    (self.cell, self.rows, self.length, self.context) = (cell, rows, length, context)
    residentStart = context.isRehearsal ? nil : TrainingAgreement.resetPeak()
    start = context.allocator.liveBytes
    let made = try Self.make(subject, cell, length: length, context)
    (sizes, parameters, buffers, loss, packedBytes) = made
    trainedCount = parameters.reduce(0) { $0 + $1.value.count }
    headGradient = cell.has(.lowRank) ? 0 : 4 * sizes.vocabulary * sizes.width
    memory.weights = context.allocator.liveBytes - start + packedBytes
    let groups = [ParameterGroup("all", parameters, rule: AdamW())]
    // What is gone through without being computed has no state: it would be as large in any step.
    if cell.has(.offload), !context.isRehearsal {
      let place = try TemporaryPlace()
      let file = try StateFile(in: place.path, bytes: StateFile.bytes(of: groups))
      (self.place, stateFile) = (place, file)
      memory.onDisk = file.byteCount
    } else {
      (place, stateFile) = (nil, nil)
    }
    optimizer = try GroupOptimizer(groups, context: context, stateFile: stateFile)
    memory.optimizer = context.allocator.liveBytes - start + packedBytes - memory.weights
    if cell.has(.offload), context.isRehearsal { memory.onDisk = memory.optimizer }
  }

  private typealias Made = (
    GPTConfiguration, [Parameter], [Parameter], (Training.TokenBatch, Pass) throws -> Tensor, Int
  )

  /// A function of its own, so that the weights in f32 are held by nobody once they are packed.
  private static func make(
    _ subject: DissectionSubject, _ cell: DissectionCell, length: Int, _ context: Context
  ) throws -> Made {
    let base = try subject.model(length: length, context)
    guard cell.has(.lowRank) else {
      return (base.configuration, base.parameters, base.buffers, { try base.loss(of: $0, $1) }, 0)
    }
    let model = try AdaptedGPT(
      base, [AdapterConfiguration(.lora(rank: rank, alpha: alpha))], packsBase: cell.has(.quantised), seed: 1,
      context: context)
    return (
      model.base.configuration, model.parameters, model.buffers, { try model.loss(of: $0, $1) }, model.packedBytes
    )
  }

  /// Tokens of a step.
  public var tokens: Int { rows * length }
  /// Bytes that went to the disk so far, and as many that came from it.
  public var diskBytes: Int { stateFile?.writtenBytes ?? 0 }

  /// What layers compute in another way than usual.
  private var execution: ExecutionChoice {
    ExecutionChoice(composesAttention: !cell.has(.fusedAttention), recomputesBlocks: cell.has(.recompute))
  }

  /// The batch of step `number`, from 0 on.
  ///
  /// - Throws: `DataError`.
  func batch(_ number: Int, rows: Int? = nil) throws -> Training.TokenBatch {
    try .dissected(number % 4, rows: rows ?? self.rows, length: length, vocabulary: sizes.vocabulary)
  }

  /// Takes the next step.
  ///
  /// - Throws: what the model and the optimizer throw; ``DissectionError/invalid(field:value:expected:)`` for a loss that is no
  ///   number.
  @discardableResult
  public func step() throws -> Times { try step(on: batch(losses.count)) }

  @discardableResult
  func step(on batch: Training.TokenBatch) throws -> Times {
    let allocator = context.allocator
    allocator.resetPeak()
    let resting = allocator.liveBytes
    var (forwardEnd, turn) = (0.0, 0)
    let begin = vt_monotonic_seconds()
    let (value, gradients) = try context.valueAndGradient(of: parameters.map(\.value)) { weights in
      let pass = Pass(
        .training, weights: weights, buffers: buffers.map(\.value), batch: losses.count, context: context)
      pass.execution = execution
      let value = try loss(batch, pass)
      (forwardEnd, turn) = (vt_monotonic_seconds(), allocator.liveBytes)
      return value
    }
    let backwardEnd = vt_monotonic_seconds()
    let named = Dictionary(uniqueKeysWithValues: zip(parameters.map(\.name), gradients))
    try context.within("optimizer") { try optimizer.step(named, rate: Self.rate) }
    let end = vt_monotonic_seconds()
    memory.activations = turn - resting - headGradient
    memory.gradients = gradients.reduce(0) { $0 + $1.count * $1.dtype.blockBytes }
    memory.peak = max(memory.peak, allocator.peakLiveBytes - start + packedBytes)
    memory.resident = residentStart.map { max(0, Int(vt_memory_usage_now().peak_resident) - $0) }
    let number = context.isRehearsal ? 0 : withExtendedLifetime(value) { Double(value.pointer(as: Float.self)[0]) }
    guard number.isFinite else {
      throw ProfilingError.invalidSetting(field: "loss", problem: "step \(losses.count) of \(cell.name) gave \(number)")
    }
    losses.append(number)
    return Times(forward: forwardEnd - begin, backward: backwardEnd - forwardEnd, optimizer: end - backwardEnd)
  }

  /// A step whose operators are timed.
  ///
  /// - Throws: what ``step()`` throws.
  public func recordedStep() throws -> DissectedStep {
    let batch = try batch(losses.count)
    return try DissectedStep(recording: context) { _ = try step(on: batch) }
  }

  /// The most rows of a step that fit into `limit` bytes, found without computing; nothing where not even one does.
  ///
  /// - Throws: what making the model throws.
  public static func largestBatch(
    _ subject: DissectionSubject, _ cell: DissectionCell, length: Int, within limit: Int, atMost most: Int, threads: Int
  ) throws -> Int? {
    let run = try DissectedTraining(
      subject, cell, rows: 1, length: length, context: .rehearsal(threads: threads))
    func fits(_ rows: Int) throws -> Bool {
      run.memory.peak = 0
      try run.step(on: .init(rehearsing: rows, length: length))
      return run.memory.peak - run.memory.onDisk <= limit
    }
    if try !fits(1) { return nil }
    var (low, high) = (1, 2)
    while high <= most, try fits(high) { (low, high) = (high, 2 * high) }
    high = min(high, most + 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if try fits(middle) { low = middle } else { high = middle }
    }
    return low
  }

  /// The peak of a step, found without computing.
  ///
  /// - Throws: what making the model throws.
  public static func rehearsedPeak(
    _ subject: DissectionSubject, _ cell: DissectionCell, rows: Int, length: Int, threads: Int
  ) throws -> Int {
    let run = try DissectedTraining(
      subject, cell, rows: rows, length: length, context: .rehearsal(threads: threads))
    for _ in 0..<2 { try run.step(on: .init(rehearsing: rows, length: length)) }
    return run.memory.peak - run.memory.onDisk
  }
}

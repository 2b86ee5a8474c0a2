// Dissecting the Runtime Performance of the Training, Fine-tuning, and Inference of Large Language Models (2023),
// https://arxiv.org/abs/2311.03687: steps taken apart by module and operator, with and without each technique.
import Costs
import Tensors
import Training

/// A grid of techniques over steps of training, measured on three levels: the step, its modules, their operators.
///
/// ```swift
/// let dissection = Dissection(.small, mode: .train, rows: 2, length: 256)
/// let result = try dissection.run(DissectionCell.grid(parsing: "N,F,R,F+R"), threads: 2)
/// print(result.verdict)
/// ```
/// Every cell begins with the same weights and sees the same batches. Steps whose operators are timed and steps that are timed
/// as a whole take turns, so that what timing costs shows.
public struct Dissection: Sendable {
  /// What is trained.
  public var subject: DissectionSubject
  /// Training or training further.
  public var mode: DissectionMode
  /// Rows of a batch.
  public var rows: Int
  /// Tokens of a row.
  public var length: Int
  /// Pairs of steps, timed as a whole and operator by operator.
  public var steps: Int
  /// The bytes that there may be.
  public var memoryLimit: Int?
  /// The most rows that a largest batch is looked for with; 0 for no search.
  public var largestRows: Int
  /// Whether products are measured alone.
  public var measuresProducts: Bool

  /// A grid of the given size.
  public init(
    _ subject: DissectionSubject, mode: DissectionMode, rows: Int = 1, length: Int = 256, steps: Int = 3,
    memoryLimit: Int? = nil, largestRows: Int = 0, measuresProducts: Bool = true
  ) {
    (self.subject, self.mode, self.rows, self.length, self.steps) = (subject, mode, rows, length, steps)
    (self.memoryLimit, self.largestRows, self.measuresProducts) = (memoryLimit, largestRows, measuresProducts)
  }

  /// Refuses what cannot be measured.
  ///
  /// - Throws: ``DissectionError/invalid(field:value:expected:)``.
  public func validate() throws(DissectionError) {
    for (field, value, range) in [
      ("rows", rows, 1...4096), ("length", length, 2...1 << 16), ("steps", steps, 1...1000),
      ("largest rows", largestRows, 0...4096),
    ] where !range.contains(value) {
      throw .invalid(field: field, value: value, expected: "from \(range.lowerBound) to \(range.upperBound)")
    }
  }

  /// Measures the cells one after the other. Those that cannot be, or do not fit, are left out with their reasons.
  ///
  /// - Parameters:
  ///   - grid: the cells.
  ///   - threads: the threads that compute.
  ///   - ceilings: the machine's limits with so many threads; measured where none are given.
  ///   - isCancelled: asked before each step.
  ///   - report: told what is being done.
  /// - Throws: ``DissectionError`` where no cell can be measured; what training throws; `CancellationError`.
  public func run(
    _ grid: [DissectionCell], threads: Int, ceilings: Ceilings? = nil, isCancelled: () -> Bool = { false },
    report: (String) -> Void = { _ in }
  ) throws -> DissectionResult {
    try validate()
    var refused: [(name: String, reason: String)] = []
    var (possible, problem): ([DissectionCell], DissectionError?) = ([], nil)
    for cell in grid {
      do throws(DissectionError) {
        try cell.prove(in: mode)
        possible.append(cell)
      } catch {
        refused.append((cell.name, error.description))
        problem = error
      }
    }
    if possible.isEmpty, let problem { throw problem }
    if ceilings == nil { report("the machine's limits") }
    let limits = try ceilings ?? Ceilings.measure(context: Context(threads: threads), repeats: 7)
    var cells: [DissectedCell] = []
    for cell in possible {
      report(cell.name)
      if let memoryLimit {
        let need = try DissectedTraining.rehearsedPeak(subject, cell, rows: rows, length: length, threads: threads)
        if need > memoryLimit {
          refused.append((cell.name, "\(rows) rows of \(length) need \(need) bytes, more than \(memoryLimit)"))
          continue
        }
      }
      cells.append(try measure(cell, threads: threads, isCancelled, report))
    }
    return DissectionResult(
      mode: mode, ceilings: limits, cells: cells, refused: refused, memoryLimit: memoryLimit)
  }

  private func measure(
    _ cell: DissectionCell, threads: Int, _ isCancelled: () -> Bool, _ report: (String) -> Void
  ) throws -> DissectedCell {
    // A context of its own: memory is that of this cell alone, and goes with it.
    let context = Context(threads: threads)
    let run = try DissectedTraining(subject, cell, rows: rows, length: length, context: context)
    func next() throws { if isCancelled() { throw CancellationError() } }
    try next()
    // Memory is taken anew in the first step.
    try run.step()
    var (times, recorded): ([DissectedTraining.Times], [DissectedStep]) = ([], [])
    // What timing operators holds beside is no part of the step's memory.
    var memory = run.memory
    let disk = run.diskBytes
    for pair in 0..<steps {
      // Who goes first changes, so that neither always follows the other; memory is that of untimed steps.
      for isTimed in pair.isMultiple(of: 2) ? [false, true] : [true, false] {
        try next()
        report("\(cell.name), step \(run.losses.count) of \(2 * steps)")
        if isTimed {
          recorded.append(try run.recordedStep())
        } else {
          times.append(try run.step())
          if pair == 0 { memory = run.memory }
        }
      }
    }
    guard let step = Summary(times.map(\.step)), let forward = Summary(times.map(\.forward)),
      let backward = Summary(times.map(\.backward)), let optimizer = Summary(times.map(\.optimizer))
    else { throw DissectionError.invalid(field: "steps", value: steps, expected: "1 or more") }
    var products: [DissectedProduct] = []
    if measuresProducts {
      report("\(cell.name), products alone")
      products = DissectionProducts(sizes: run.sizes, rows: rows, length: length).measured(in: recorded, context)
    }
    let largest = try largest(cell, run, threads: threads)
    return DissectedCell(
      cell: cell, rows: rows, length: length, sizes: run.sizes, trainedCount: run.trainedCount, step: step,
      forward: forward.median,
      backward: backward.median, optimizer: optimizer.median, memory: memory,
      diskBytes: (run.diskBytes - disk) / max(1, 2 * steps), losses: run.losses, recorded: recorded,
      products: products, largest: largest)
  }

  /// The largest batch that fits, and its speed: one step after one that does not count.
  private func largest(
    _ cell: DissectionCell, _ run: DissectedTraining, threads: Int
  ) throws -> (rows: Int, tokensPerSecond: Double)? {
    guard largestRows > 0, let memoryLimit else { return nil }
    let found = try DissectedTraining.largestBatch(
      subject, cell, length: length, within: memoryLimit, atMost: largestRows, threads: threads)
    guard let found else { return nil }
    try run.step(on: run.batch(0, rows: found))
    let times = try run.step(on: run.batch(1, rows: found))
    return (found, Double(found * length) / times.step)
  }
}

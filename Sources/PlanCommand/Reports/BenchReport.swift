import Console
import Costs
import Formats
import Foundation
import Planner
import Profiling
import Venturi

/// What `venturi bench model --json` wrote: measured steps of a model on this machine, and the machine's limits.
struct BenchReport {
  let path: String
  let device: Device
  let rows: [MeasuredStep]

  /// Reads a report; `isFitted` says whether constants are fitted on a step, by its test's name.
  ///
  /// - Throws: `PlannerError` for a file that is no such report; what reading the model's file throws.
  init(_ path: String, date: String, isFitted: (String) -> Bool) throws {
    self.path = path
    let json = try JSON(parsing: try readWholeFile(path))
    func missing(_ field: String) -> PlannerError {
      .invalid(field: "\(path): \(field)", problem: "it is not as `venturi bench model --json` writes it")
    }
    guard let model = json["model"]?.text else { throw missing("model") }
    guard let rows = json["rows"]?.elements, !rows.isEmpty else { throw missing("rows") }
    guard let ceilings = json["ceilings"]?.elements?.first else { throw missing("ceilings") }
    guard let threads = rows[0]["threads"]?.int else { throw missing("threads") }
    let shape = try ModelArgument.shape(model)
    let weights = try Self.weights(of: model)
    device = try Self.device(ceilings, date, missing)
    // Two mixtures may have one type in the main: rows are named by the file.
    let file = String(model.split(separator: "/").last ?? "").replacing(".gguf", with: "")
    var steps: [MeasuredStep] = []
    for row in rows where row["threads"]?.int == threads {
      guard let test = row["test"]?.text, let work = Self.work(test) else { throw missing("test") }
      guard let rate = row["ours"]?["median"]?.double, rate > 0 else { throw missing("ours.median of \(test)") }
      var widths = NumberWidths.mixed
      (widths.weights, widths.residual) = (weights.bytes, 4)
      // A row of generated tokens is the mean of steps at growing depths.
      let load = try Workload(
        tokens: work.isPrompt ? work.tokens : 1, past: work.isPrompt ? work.depth : work.depth + work.tokens / 2)
      var step = shape.forward(load, precision: weights.precision, widths: widths, lastLogitsOnly: true)
      // Only products with weights are in the weights' format.
      for index in step.operators.indices where step.operators[index].kind == .attention {
        step.operators[index].precision = .f32
      }
      let name = "\(file) \(test)"
      steps.append(
        MeasuredStep(
          name, step, seconds: Double(work.isPrompt ? work.tokens : 1) / rate, isFitted: isFitted(name)))
    }
    self.rows = steps
  }

  /// `pp512 @ d2048` and `tg32`, taken apart.
  static func work(_ test: String) -> (isPrompt: Bool, tokens: Int, depth: Int)? {
    let parts = test.components(separatedBy: " @ d")
    guard parts.count <= 2, parts[0].hasPrefix("pp") || parts[0].hasPrefix("tg"),
      let tokens = Int(parts[0].dropFirst(2)), (1...1 << 20).contains(tokens)
    else { return nil }
    guard let depth = parts.count == 1 ? 0 : Int(parts[1]), (0...1 << 20).contains(depth) else { return nil }
    return (parts[0].hasPrefix("pp"), tokens, depth)
  }

  /// The mean bytes of a weight of the model's file, and the chain that serves them.
  private static func weights(of model: String) throws -> (bytes: Double, precision: Precision) {
    let checkpoint = try Checkpoint(path: ModelAccess.path(of: model))
    var (bytes, numbers) = (0, 0)
    for tensor in checkpoint.tensors where tensor.shape.rank == 2 {
      (bytes, numbers) = (bytes + tensor.byteCount, numbers + tensor.count)
    }
    guard numbers > 0 else { throw PlannerError.invalid(field: model, problem: "it has no matrices") }
    let perWeight = Double(bytes) / Double(numbers)
    return (perWeight, perWeight >= 2 ? .f32 : perWeight < 0.7 ? .int4 : .int8)
  }

  private static func device(
    _ ceilings: JSON, _ date: String, _ missing: (String) -> PlannerError
  ) throws(PlannerError) -> Device {
    func figure(_ value: Double) -> Figure { Figure(value, source: "venturi bench model", date: date) }
    var compute: [Precision: Figure] = [:]
    let chains = [("f32GFLOPs", Precision.f32), ("int8GOPs", .int8), ("int4GOPs", .int4), ("int16GOPs", .int16)]
    for (name, precision) in chains {
      if let rate = ceilings[name]?["median"]?.double { compute[precision] = figure(rate * 1e9) }
    }
    guard compute[.f32] != nil, let read = ceilings["bestReadGBs"]?["median"]?.double else { throw missing("ceilings") }
    return Device(name: "host", compute: compute, memory: figure(0), bandwidth: figure(read * 1e9))
  }
}

import Formats
import Planner
import Profiling
import Venturi
import VenturiTesting

extension IdealizedRuntime {
  /// A workload as an API's users have it: queries that are asked for their raw times.
  private static let queries = [(40, 24), (300, 48), (900, 32), (150, 96)]

  /// The reference stack's profile of the default model, the same in another stack, one with a competing process, and a larger
  /// model: what rankings by raw and by idealized time say.
  ///
  /// - Parameters:
  ///   - conditions: how it is run.
  ///   - path: the default model.
  ///   - timer: the default model on the reference stack.
  ///   - profile: its profile.
  /// - Throws: what the engine throws; `PlannerError`; `CancellationError`.
  func stacks(
    _ conditions: RunConditions, path: String, timer: DecoderTimer, profile: RuntimeProfile
  ) throws -> [Measure] {
    let grid = try RuntimeGrid(
      prompts: conditions.quick ? [16, 256, 900] : [1, 64, 256, 768, 1500], repetitions: conditions.quick ? 1 : 3)
    let load = try RuntimeWorkload(Self.queries.map { RuntimeWorkload.Query(prompt: $0.0, output: $0.1) })
    let small = try load.cost(profile).seconds
    var measures = try [peer(conditions, path: path, grid: grid, load: load, ours: small)]
    measures += try contention(conditions, timer: timer, grid: grid, load: load)
    measures += try rankings(conditions, timer: timer, grid: grid, load: load, small: small)
    return measures
  }

  /// Raw seconds of the workload, one query after the other.
  private func raw(
    _ conditions: RunConditions, _ name: String, _ time: (Int, Int) throws -> (first: Double, rest: Double)
  ) throws -> Double {
    var sum = 0.0
    for (prompt, output) in Self.queries {
      try conditions.next("\(name): \(prompt) and \(output) tokens")
      let seconds = try time(prompt, output)
      sum += seconds.first + seconds.rest
    }
    return sum
  }

  // MARK: Another stack

  /// The same model in the strongest peer that is there.
  private func peer(
    _ conditions: RunConditions, path: String, grid: RuntimeGrid, load: RuntimeWorkload, ours: Double
  ) throws -> Measure {
    let name = "SmolLM2: idealized seconds of \(load.queries.count) queries, this stack beside another"
    let task = PeerCatalogue.Task.model(path: path, capacity: 2048, vocabulary: 0)
    var problem = PeerCatalogue.hint
    for candidate in ["llama.cpp", "ik"] {
      do throws(ProfilingError) {
        guard let variant = try PeerCatalogue.variants(of: candidate, for: task).first else { continue }
        let command = try conditions.peers.command(variant, of: candidate) + variant.arguments
        let process = try PeerProcess(
          name: candidate, command: command, environment: variant.environment, hint: PeerCatalogue.hint)
        return try measured(process, variant, conditions, name: name, grid: grid, load: load, ours: ours)
      } catch { problem = "\(error)" }
    }
    return Measure(name, unit: "s", ours: Summary([ours]), absent: problem)
  }

  private func measured(
    _ process: PeerProcess, _ variant: PeerCatalogue.Variant, _ conditions: RunConditions, name: String,
    grid: RuntimeGrid, load: RuntimeWorkload, ours: Double
  ) throws(ProfilingError) -> Measure {
    func seconds(_ operation: String, tokens: Int, depth: Int) throws(ProfilingError) -> Double {
      let request: [JSON.Member] =
        [
          JSON.Member("op", .string(operation)), JSON.Member("tokens", .integer(tokens)),
          JSON.Member("depth", .integer(depth)), JSON.Member("threads", .integer(conditions.threads)),
          JSON.Member("cache", "f16"),
        ] + variant.request
      guard let seconds = try process.request(.object(request))["seconds"]?.double, seconds > 0 else {
        throw .peerFailed(name: process.name, problem: "no seconds in its answer")
      }
      return seconds
    }
    func query(_ prompt: Int, _ output: Int) throws(ProfilingError) -> (first: Double, rest: Double) {
      if conditions.isCancelled() { throw .peerFailed(name: process.name, problem: "cancelled") }
      conditions.report("\(process.name): \(prompt) and \(output) tokens")
      let first = try seconds("prefill", tokens: prompt, depth: 0)
      return (first, try seconds("decode", tokens: output - 1, depth: prompt))
    }
    _ = try query(64, 4)
    do {
      let theirs = try load.cost(try grid.profile { try query($0, $1) }).seconds
      return Measure(
        name, unit: "s", ours: Summary([ours]), peer: Summary([theirs]),
        peerName: variant.name.isEmpty ? process.name : "\(process.name), \(variant.name)",
        ratio: RatioEstimate(ours: [ours], theirs: [theirs]))
    } catch let error as ProfilingError { throw error } catch {
      throw .peerFailed(name: process.name, problem: "\(error)")
    }
  }

  // MARK: Contention

  /// Half of the trials beside a process that takes a processor: what is left of it after denoising.
  private func contention(
    _ conditions: RunConditions, timer: DecoderTimer, grid: RuntimeGrid, load: RuntimeWorkload
  ) throws -> [Measure] {
    var (quiet, loaded): ([RuntimeObservation], [RuntimeObservation]) = ([], [])
    // Turns change, so that neither is always the later.
    for turn in 0..<(conditions.quick ? 2 : 4) {
      for isLoaded in turn.isMultiple(of: 2) ? [false, true] : [true, false] {
        let rival = try isLoaded ? Rival() : nil
        defer { rival?.end() }
        let once = try RuntimeGrid(prompts: grid.prompts, output: grid.output, repetitions: 1)
        let rows = try once.observations { prompt, output in
          try conditions.next(
            "\(prompt) and \(output) tokens\(isLoaded ? " beside a process that takes a processor" : "")")
          return try timer.seconds(prompt: prompt, output: output)
        }
        if isLoaded { loaded += rows } else { quiet += rows }
      }
    }
    func seconds(_ rows: [RuntimeObservation], _ denoising: Denoising) throws -> Double {
      try load.cost(try RuntimeProfile(fitting: rows, denoising: denoising)).seconds
    }
    // The reference is of the first half of the quiet turns; what is denoised has the other half, beside as many loaded ones.
    let reference = try seconds(Array(quiet.prefix(quiet.count / 2)), .minimum)
    let mixed = Array(quiet.suffix(quiet.count - quiet.count / 2)) + loaded.suffix(loaded.count / 2)
    func error(_ denoising: Denoising) throws -> Double { 100 * (try seconds(mixed, denoising) / reference - 1) }
    let denoised = try error(.minimum)
    return [
      Measure(
        "SmolLM2: a process takes a processor in half of the trials: what it leaves after denoising, of idealized time",
        unit: "%",
        ours: Summary([abs(denoised)]), peer: Summary([try error(.mean)]), peerName: "means of all trials",
        target: .atMost(8, .ours))
    ]
  }

  // MARK: Rankings

  /// Four services by their users' times: the small model in f32 on one thread, the small model beside a rival, the small model as it
  /// should be, and a model of about 2.7 times its size as it should be. By idealized time, models are compared and nothing else.
  private func rankings(
    _ conditions: RunConditions, timer: DecoderTimer, grid: RuntimeGrid, load: RuntimeWorkload, small: Double
  ) throws -> [Measure] {
    try conditions.next("a larger model")
    let large = try LargeModel(conditions, quick: conditions.quick, longest: grid.longest)
    _ = try large.timer.seconds(prompt: 64, output: 4)
    let once = try RuntimeGrid(
      prompts: conditions.quick ? [16, 900] : [1, 256, 1500], output: 17, repetitions: conditions.quick ? 1 : 2)
    let profile = try once.profile { prompt, output in
      try conditions.next("the larger model: \(prompt) and \(output) tokens")
      return try large.timer.seconds(prompt: prompt, output: output)
    }
    let larger = try load.cost(profile).seconds
    let largeRaw = try raw(conditions, "the larger model") { try large.timer.seconds(prompt: $0, output: $1) }
    guard let plain = try DecoderTimer(conditions, longest: grid.longest, compute: .f32, threads: 1) else { return [] }
    let unoptimised = try raw(conditions, "SmolLM2 in f32 on one thread") {
      try plain.seconds(prompt: $0, output: $1)
    }
    let rival = try Rival()
    let beside = try raw(conditions, "SmolLM2 beside a rival") { try timer.seconds(prompt: $0, output: $1) }
    rival.end()
    let undisturbed = try raw(conditions, "SmolLM2") { try timer.seconds(prompt: $0, output: $1) }
    func listed(_ values: [Double]) -> String { values.map { scientific($0, digits: 3) }.joined(separator: ", ") }
    let isTurned = (unoptimised > largeRaw) != (small > larger)
    return [
      Measure(
        "a model of \(scientific(Double(large.parameters) / 1e6, digits: 3)) million random weights beside SmolLM2, idealized, "
          + "\(load.queries.count) queries",
        unit: "s", ours: Summary([larger]), peer: Summary([small]), peerName: "SmolLM2",
        ratio: RatioEstimate(ours: [larger], theirs: [small])),
      Measure(
        "raw times rank the larger model, as it should be, before SmolLM2 in f32 on one thread, idealized ones after it (1 is yes); "
          + "raw seconds of SmolLM2 so, beside a rival and undisturbed, and of the larger model: "
          + listed([unoptimised, beside, undisturbed, largeRaw]),
        unit: "", ours: Summary([isTurned ? 1 : 0]), target: conditions.quick ? nil : .atLeast(1, .ours)),
    ]
  }
}

/// A process that takes one processor until it is ended, or for ten minutes if nobody does.
private final class Rival {
  private let process: ChildProcess

  init() throws(ProfilingError) {
    process = try ChildProcess(
      name: "rival", command: ["/bin/sh", "-c", "ulimit -t 600; while :; do :; done"], streams: .none)
  }

  func end() {
    process.terminate()
    process.end(within: 1)
  }

  deinit { end() }
}

/// A decoder of about 2.7 times the default model's weights: random, for speed does not depend on what they are.
private struct LargeModel {
  let timer: QueryTimer
  let parameters: Int

  init(_ conditions: RunConditions, quick: Bool, longest: Int) throws {
    var shape = TinyLlama()
    (shape.layers, shape.width, shape.heads, shape.kvHeads) = (quick ? 4 : 24, 1024, 16, 4)
    (shape.feedForward, shape.contextLength, shape.dtype) = (4096, max(2048, longest), .q4_0)
    let bytes = shape.image().encoded()
    let storage = try Storage(byteCount: bytes.count, allocator: Allocator(cacheLimit: 0))
    storage.base.copyMemory(from: bytes, byteCount: bytes.count)
    let model = try ModelLoader.load(
      Checkpoint(gguf: storage), options: LoadOptions(contextLength: longest),
      context: Context(threads: conditions.threads)
    ).model
    parameters = model.description.parameters
    timer = QueryTimer(model, longest: longest, isCancelled: conditions.isCancelled)
  }
}

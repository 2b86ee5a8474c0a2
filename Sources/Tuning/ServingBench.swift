import Formats
import Inference
import Models
import NumericTypes
import Planner
import Profiling

/// Measures settings of an engine under one workload, and keeps what was measured: by the program, the model, the machine and all
/// that a result depends on.
public final class ServingBench {
  /// How a bench works.
  public struct Options: Sendable {
    /// The seed of the prompts' text and the order of trials.
    public var seed: UInt64 = 0
    /// What a trial must keep to.
    public var limits = TrialLimits()
    /// Seconds after which a trial is killed; ten times the engine's own settings' by default, and no less than a minute.
    public var timeout: Double?
    /// The most bytes of states.
    public var stateMemory: Int?
    /// What else a result depends on: a name for what is done to the machine.
    public var hardware = ""

    /// The usual ones.
    public init() {}
  }

  /// The model's file.
  public let model: String
  /// The requests.
  public let workload: ServedWorkload
  /// How it works.
  public let options: Options
  /// What a result depends on beside settings and workload.
  public let key: JSON
  /// Trials that were measured now; the others were kept.
  public private(set) var measured = 0
  private let process: TrialProcess
  private let store: CellStore?
  private let fingerprint: String
  private var ownSeconds: Double?

  /// The seconds that a trial may take before anything is known.
  static let firstTimeout = 1800.0

  /// A bench.
  ///
  /// - Parameters:
  ///   - model: the model's file.
  ///   - workload: the requests.
  ///   - process: how a trial is run; its program is what results are kept by.
  ///   - store: where results are kept; nowhere if nothing is given.
  ///   - options: how it works.
  /// - Throws: what reading model and program throws.
  public init(
    model: String, workload: ServedWorkload, process: TrialProcess, store: CellStore?, options: Options = Options()
  ) throws {
    (self.model, self.workload, self.process, self.store, self.options) = (model, workload, process, store, options)
    let checkpoint = try Checkpoint(path: model)
    // The beginning holds what the linker tells builds apart by; all of it would take seconds at every call.
    var program = SHA256()
    for word in process.command {
      let bytes = (try? Files.read(word, limit: 1 << 20)) ?? []
      (bytes + Array("\(word) \(Files.size(word))".utf8)).withUnsafeBytes { program.update($0) }
    }
    key = [
      "engine": .string(EngineVersion.number), "program": .string(String(program.finish().prefix(16))),
      "model": try ModelFingerprint(checkpoint).json, "machine": MachineIdentity.current.json,
      "environment": .array(process.environment.sorted().map { .string($0) }), "hardware": .string(options.hardware),
      "stateMemory": options.stateMemory.map { .integer($0) } ?? .null, "seed": .integer(Int(clamping: options.seed)),
    ]
    fingerprint = Self.digest(key.line)
  }

  static func digest(_ text: String) -> String {
    var hash = SHA256()
    Array(text.utf8).withUnsafeBytes { hash.update($0) }
    return String(hash.finish().prefix(16))
  }

  /// The store of a model's results in the home.
  public static func defaultStore(_ model: String) -> String {
    let name = model.split(separator: "/").last.map(String.init) ?? "model"
    return "\(ModelHome().path)/tuning/\(name).json"
  }

  /// Measures settings, or gives what was measured before.
  ///
  /// - Parameters:
  ///   - settings: the settings.
  ///   - workload: the bench's own by default.
  ///   - repetition: which measurement of the same it is.
  /// - Throws: ``/Profiling/ProfilingError`` when a result cannot be kept; `CancellationError`, and then nothing is kept.
  public func measure(
    _ settings: ServingSettings, on other: ServedWorkload? = nil, repetition: Int = 0
  ) throws -> TrialResult {
    try Task.checkCancellation()
    let workload = other ?? workload
    let cell = "\(fingerprint) \(workload.digest) \(repetition): \(settings.text)"
    if let known = store?[cell].flatMap(TrialResult.init) { return known }
    let timeout = options.timeout ?? ownSeconds.map { max(60, 10 * $0) } ?? Self.firstTimeout
    let trial = ServingTrial(
      model: model, settings: settings, workload: workload, seed: options.seed, stateMemory: options.stateMemory)
    let result = process.run(trial, timeout: timeout)
    // Whoever interrupts this program interrupts its trial too: that says nothing of the settings.
    try Task.checkCancellation()
    measured += 1
    try store?.store(result.json, for: cell)
    return result
  }

  /// Measures the engine's own settings, by which later trials know how long they may take.
  ///
  /// - Throws: as ``measure(_:on:repetition:)``; ``/Profiling/ProfilingError/peerFailed(name:problem:)`` where they fail: then there is
  ///   nothing to compare with.
  public func measureOwn(repetition: Int = 0) throws -> TrialResult {
    let result = try measure(ServingSettings(), repetition: repetition)
    if let failure = result.failure {
      throw ProfilingError.peerFailed(name: "the engine with its own settings", problem: failure)
    }
    ownSeconds = result.seconds
    return result
  }

  /// What the Planner predicts of settings, in tokens a second, with what it was fitted on.
  ///
  /// - Throws: ``/Profiling/ProfilingError``.
  public func predict(_ settings: [ServingSettings]) throws -> (values: [Double], fits: JSON) {
    let request = LandscapePrediction(model: model, settings: settings, workload: workload, seed: options.seed)
    let cell =
      "\(fingerprint) \(workload.digest) predicted: \(Self.digest(settings.map(\.text).joined(separator: ";")))"
    let answer: JSON
    if let known = store?[cell] {
      answer = known
    } else {
      answer = try process.ask(request.json, timeout: Self.firstTimeout)
      try store?.store(answer, for: cell)
    }
    let values = (answer["predicted"]?.elements ?? []).compactMap(\.double)
    guard values.count == settings.count else {
      throw ProfilingError.peerFailed(name: "prediction", problem: answer.line.prefix(200).description)
    }
    return (values, answer["fits"] ?? .null)
  }

  /// Measures every point of a grid several times, in a random order that is another in every repetition, so that a slow hour of the
  /// machine touches all of them.
  ///
  /// - Throws: as ``measure(_:on:repetition:)``; `PlannerError`.
  public func landscape(
    _ space: ServingSpace, repetitions: Int, report: (Int, Int, ServingSettings) -> Void = { _, _, _ in }
  ) throws -> Landscape {
    guard let points = space.parameters.points else {
      throw PlannerError.invalid(field: "grid", problem: "more than \(ParameterSpace.pointLimit) points")
    }
    var values = [[Double]](repeating: [], count: points.count)
    for repetition in 0..<repetitions {
      var random = Random(seed: options.seed, stream: 100 + UInt64(repetition))
      for (number, point) in points.indices.shuffled(using: &random).enumerated() {
        let settings = space.settings(points[point])
        report(repetition * points.count + number, repetitions * points.count, settings)
        values[point].append(options.limits.value(try measure(settings, repetition: repetition)))
      }
    }
    return try Landscape(
      space.dimensions.map {
        Landscape.Axis($0.parameter.rawValue, $0.values, ordered: $0.parameter.range != nil)
      }, values)
  }
}

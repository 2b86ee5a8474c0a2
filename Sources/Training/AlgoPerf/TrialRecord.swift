import Formats

/// A line of the benchmark's log: one trial, with all that is needed to judge it and to repeat it.
public struct TrialRecord: Sendable, Equatable {
  /// A point of a curve.
  public struct Point: Sendable, Equatable {
    /// Steps taken.
    public var step: Int
    /// Seconds of the submission's own code.
    public var seconds: Double
    /// The validation metric.
    public var validation: Double

    /// A point from its parts.
    public init(step: Int, seconds: Double, validation: Double) {
      self.step = step
      self.seconds = seconds
      self.validation = validation
    }
  }

  /// The submission.
  public var submission: String
  /// The workload.
  public var workload: String
  /// The change of the workload; empty for none.
  public var variant = ""
  /// Whether tuning happens on the clock.
  public var isSelfTuning = false
  /// The number of the study.
  public var study: Int
  /// The number of the trial in its study.
  public var trial: Int
  /// What the draws depended on.
  public var seed: UInt64
  /// The hyper-parameters.
  public var settings: [String: Double]
  /// Seconds until the validation target was met; nothing where it was not.
  public var seconds: Double?
  /// The test metric when the target was met, or at the end.
  public var test: Double?
  /// The best validation metric.
  public var best: Double?
  /// Steps taken.
  public var steps = 0
  /// The validation metric over time.
  public var curve: [Point] = []
  /// Why the trial does not count, if it does not.
  public var disqualified: String?

  /// A record of a trial that is yet to run.
  public init(
    submission: String, workload: String, study: Int, trial: Int, seed: UInt64, settings: [String: Double]
  ) {
    self.submission = submission
    self.workload = workload
    self.study = study
    self.trial = trial
    self.seed = seed
    self.settings = settings
  }

  /// The time that counts: infinite where the target was not met, or the trial does not count.
  public var time: Double { disqualified == nil ? seconds ?? .infinity : .infinity }

  /// One object.
  public var json: JSON {
    func number(_ value: Double?) -> JSON { value.map { $0.isFinite ? .number($0) : .null } ?? .null }
    return [
      "submission": .string(submission), "workload": .string(workload), "variant": .string(variant),
      "selfTuning": .bool(isSelfTuning), "study": .integer(study), "trial": .integer(trial),
      "seed": .string("\(seed)"),
      "settings": .object(settings.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .number($0.value)) }),
      "seconds": number(seconds), "test": number(test), "best": number(best), "steps": .integer(steps),
      "curve": .array(curve.map { [.integer($0.step), .number($0.seconds), number($0.validation)] }),
      "disqualified": disqualified.map { .string($0) } ?? .null,
    ]
  }

  /// Reads one object.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public init(_ json: JSON) throws(DataError) {
    func text(_ field: String) throws(DataError) -> String {
      guard let value = json[field]?.text else { throw Self.wrong(field, json, "a text") }
      return value
    }
    func whole(_ field: String) throws(DataError) -> Int {
      guard let value = json[field]?.int, value >= 0 else { throw Self.wrong(field, json, "a whole number") }
      return value
    }
    self.init(
      submission: try text("submission"), workload: try text("workload"), study: try whole("study"),
      trial: try whole("trial"), seed: 0, settings: [:])
    guard let seed = UInt64(try text("seed")) else { throw Self.wrong("seed", json, "a whole number") }
    self.seed = seed
    variant = try text("variant")
    if case .bool(let value)? = json["selfTuning"] { isSelfTuning = value }
    for member in json["settings"]?.members ?? [] { settings[member.key] = member.value.double }
    seconds = json["seconds"]?.double
    test = json["test"]?.double
    best = json["best"]?.double
    steps = try whole("steps")
    if let seconds, !(seconds > 0) { throw Self.wrong("seconds", json, "a time above 0") }
    for point in json["curve"]?.elements ?? [] {
      guard let parts = point.elements, parts.count == 3, let step = parts[0].int, let time = parts[1].double else {
        throw Self.wrong("curve", json, "[step, seconds, metric]")
      }
      curve.append(Point(step: step, seconds: time, validation: parts[2].double ?? .nan))
    }
    disqualified = json["disqualified"]?.text
  }

  private static func wrong(_ field: String, _ json: JSON, _ expected: String) -> DataError {
    .mismatch(field: field, found: String((json[field] ?? .null).line.prefix(64)), expected: expected)
  }
}

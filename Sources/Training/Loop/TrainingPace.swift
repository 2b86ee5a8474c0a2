import CVenturi

/// How fast a run is.
struct TrainingPace {
  private var started = vt_monotonic_seconds()
  private var (seconds, samples, targets) = (0.0, 0, 0)
  /// Means over about the last ten steps: seconds, samples and targets of one.
  private var recent: (seconds: Double, samples: Double, targets: Double)?

  /// Starts the clock.
  mutating func begin() { started = vt_monotonic_seconds() }

  /// Adds a step.
  mutating func add(seconds: Double, samples: Int, targets: Int) {
    self.seconds += seconds
    self.samples += samples
    self.targets += targets
    let step = (seconds: seconds, samples: Double(samples), targets: Double(targets))
    let old = recent ?? step
    recent = (
      0.9 * old.seconds + 0.1 * step.seconds, 0.9 * old.samples + 0.1 * step.samples,
      0.9 * old.targets + 0.1 * step.targets
    )
  }

  /// The seconds since the clock was started.
  var elapsed: Double { vt_monotonic_seconds() - started }
  /// Over all steps.
  var samplesPerSecond: Double { seconds > 0 ? Double(samples) / seconds : 0 }
  var targetsPerSecond: Double { seconds > 0 ? Double(targets) / seconds : 0 }
  /// Over the last ones.
  var recentSecondsPerStep: Double { recent?.seconds ?? 0 }
  var recentSamplesPerSecond: Double { recent.map { $0.seconds > 0 ? $0.samples / $0.seconds : 0 } ?? 0 }
  var recentTargetsPerSecond: Double { recent.map { $0.seconds > 0 ? $0.targets / $0.seconds : 0 } ?? 0 }
}

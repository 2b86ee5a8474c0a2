import Console
import Training

/// A run as its user sees it: a line on a terminal that shows the last step, and notes of all else.
struct TrainingProgress {
  private let bar = ProgressBar("train")

  func show(_ event: TrainingEvent) {
    switch event {
    case .need(let need):
      note(
        "needs \(Human.bytes(need.total)): \(Human.bytes(need.weights)) of weights, \(Human.bytes(need.state)) of the "
          + "optimizer, \(Human.bytes(need.step)) for a step, \(Human.bytes(need.batches)) of batches")
    case .step(let step): bar.show(Self.line(step))
    case .evaluation(let step, let metrics):
      let values = metrics.sorted { $0.key < $1.key }.map { "\($0.key) \(Self.short($0.value))" }
      note("step \(step): \(values.joined(separator: ", ")) on held-out data")
    case .checkpoint(_, let path): note("saved \(path)")
    case .resumed(let step): note("resumed after step \(step)")
    case .warning(let text): note("warning: \(text)")
    }
  }

  func finish() { bar.finish() }

  private func note(_ text: String) {
    bar.finish()
    Output.note(text)
  }

  /// Four digits behind the point, more of small numbers.
  private static func short(_ value: Double) -> String {
    value.magnitude >= 1e-3 || value == 0 ? Human.fixed(value, 4) : "\(value)"
  }

  private static func line(_ step: TrainingEvent.Step) -> String {
    let rate = Human.fixed(step.samplesPerSecond, step.samplesPerSecond < 10 ? 2 : 0)
    let tokens =
      step.targetsPerSecond > 1.5 * step.samplesPerSecond ? ", \(Human.fixed(step.targetsPerSecond, 0)) tokens/s" : ""
    return "\(step.step) of \(step.steps)  loss \(short(step.loss))  rate \(step.rate)  norm "
      + "\(short(step.gradientNorm))  \(rate)/s\(tokens)  \(left(step.secondsLeft)) left  \(Human.bytes(step.peakBytes))"
  }

  private static func left(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "–" }
    let whole = Int(seconds.rounded())
    if whole < 90 { return "\(whole) s" }
    return whole < 5400 ? "\(whole / 60) min" : "\(whole / 3600) h \(whole / 60 % 60) min"
  }
}

import ArgumentParser
import Console
import Profiling
import Venturi

extension BenchTrain {
  /// Both engines' losses, step by step, and how far they are apart.
  func compareCurves(steps: Int, weights: String) throws {
    let count = threads.values[0]
    let text = try text ?? ModelHome().dataFolder(of: "bible-kjv") + "/bible-kjv.txt"
    let ours = try TrainingCurve(text: text, context: Context(threads: count))
    try ours.writeWeights(to: weights)
    let isCompared = bench.peers.contains("torch")
    let field =
      isCompared
      ? try PeerField(["torch"], task: .training(model: "gpt"), catalogue: PeerCatalogue.installed) : nil
    func theirs(_ steps: Int) throws -> JSON? {
      guard let field else { return nil }
      guard let answer = try field.answer(of: "torch", to: ours.request(weights: weights, steps: steps, threads: count))
      else {
        throw ValidationError("--against: torch takes no part: \(field.absent.first?.reason ?? "no reason given")")
      }
      return answer
    }
    let progress = ProgressBar("curve")
    defer { progress.finish() }
    var (mine, others): ([Double], [Double]) = ([], [])
    var worst = 0.0
    while mine.count < steps {
      let part = min(Self.part, steps - mine.count)
      mine += try ours.losses(part)
      others += try (theirs(part)?["losses"]?.elements ?? []).compactMap(\.double)
      worst = max(worst, Self.difference(mine.suffix(part), others.suffix(part)))
      progress.show("\(mine.count) of \(steps)  loss \(Human.fixed(mine[mine.count - 1], 4))")
    }
    let held = try ours.heldOutLoss()
    let otherHeld = try theirs(0)?["heldOut"]?.double
    progress.finish()
    var members: [JSON.Member] = [
      JSON.Member("parameters", .integer(ours.parameterCount)), JSON.Member("steps", .integer(steps)),
      JSON.Member("ours", Self.json(mine, held)),
    ]
    var line = "held out \(Human.fixed(held, 4))"
    if isCompared, let otherHeld {
      let heldDifference = abs(held - otherHeld) / otherHeld
      members += [
        JSON.Member("torch", Self.json(others, otherHeld)),
        JSON.Member("difference", .rounded(worst, digits: 6)),
        JSON.Member("heldOutDifference", .rounded(heldDifference, digits: 6)),
      ]
      line +=
        ", torch \(Human.fixed(otherHeld, 4)); means of \(Self.part) losses differ by "
        + "\(Human.fixed(100 * worst, 3)) % at most"
    }
    Output.answer(output.json ? JSON.object(members).line : line)
  }

  /// Steps in turns, whose mean losses are compared: what a single row loses is noise.
  private static let part = 10

  /// How far the means are apart, relative to the other's; nothing without another.
  private static func difference(_ ours: ArraySlice<Double>, _ others: ArraySlice<Double>) -> Double {
    guard ours.count == others.count, !others.isEmpty else { return others.isEmpty ? 0 : .infinity }
    let (mine, other) = (ours.reduce(0, +), others.reduce(0, +))
    return abs(mine - other) / abs(other)
  }

  private static func json(_ losses: [Double], _ held: Double) -> JSON {
    [
      "losses": .array(losses.map { .rounded($0, digits: 6) }), "heldOut": .rounded(held, digits: 6),
    ]
  }
}

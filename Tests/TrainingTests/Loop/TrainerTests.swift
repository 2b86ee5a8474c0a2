import Formats
import Foundation
import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("Training runs") struct TrainerTests {
  /// The log's lines without what depends on the time.
  private func log(_ folder: String) throws -> [String] {
    let text = String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/metrics.jsonl")), as: UTF8.self)
    #expect(text.hasSuffix("\n"))
    return try text.split(separator: "\n").map { line in
      let members = try #require(try JSON(parsing: line).members)
      let timed: Set = ["samplesPerSecond", "targetsPerSecond", "peakBytes"]
      return JSON.object(members.filter { !timed.contains($0.key) }).line
    }
  }

  @Test("A run learns, and its steps, evaluations and checkpoints are told and written") func whole() throws {
    let folder = try TemporaryFolder()
    var plan = TinyRun()
    (plan.options.steps, plan.options.evaluateEvery, plan.options.checkpointEvery) = (60, 20, 25)
    (plan.options.keep, plan.options.accumulate, plan.options.clip) = (2, 2, 1)
    var events: [String] = []
    var steps: [TrainingEvent.Step] = []
    let outcome = try plan.make().trainer.run(in: folder.path) { event in
      switch event {
      case .need(let need): events.append("need \(need.total)")
      case .step(let step): steps.append(step)
      case .evaluation(let step, let metrics): events.append("evaluation \(step) \(metrics.keys.sorted())")
      case .checkpoint(let step, _): events.append("checkpoint \(step)")
      case .resumed(let step): events.append("resumed \(step)")
      case .warning(let text): events.append(text)
      }
    }
    #expect(
      events == [
        "evaluation 20 [\"accuracy\", \"loss\"]", "checkpoint 25", "evaluation 40 [\"accuracy\", \"loss\"]",
        "checkpoint 50", "evaluation 60 [\"accuracy\", \"loss\"]", "checkpoint 60",
      ])
    #expect(steps.map(\.step) == Array(1...60) && steps.allSatisfy { $0.loss.isFinite && $0.gradientNorm > 0 })
    #expect(steps.allSatisfy { $0.samplesPerSecond > 0 && $0.peakBytes > 1 << 20 && $0.steps == 60 })
    #expect(steps[59].secondsLeft == 0 && steps[0].secondsLeft > 0 && steps[59].epoch == 60 * 2 / 5 - 1)
    #expect(outcome.reason == .finished && outcome.steps == 60 && outcome.checkpoint == "\(folder.path)/step-00000060")
    #expect(try #require(outcome.validation["accuracy"]) > 0.7 && outcome.trainLoss == steps[59].loss)
    #expect(CheckpointStore(reading: folder.path).steps == [50, 60])
    let lines = try log(folder.path)
    #expect(lines.count == 63 && lines[20].hasPrefix(#"{"step":20,"validation":{"accuracy":"#), "\(lines[20])")
  }

  @Test("A run that was stopped anywhere and resumed is the uninterrupted one, to the bit") func resumed() throws {
    let folder = try TemporaryFolder()
    var plan = TinyRun()
    (plan.options.steps, plan.options.evaluateEvery, plan.isAveraged) = (23, 4, true)
    (plan.options.accumulate, plan.options.clip, plan.options.seed) = (2, 0.5, 99)
    let whole = try plan.make()
    let outcome = try whole.trainer.run(in: "\(folder.path)/whole")
    let reference = try log("\(folder.path)/whole")
    var random = Random(seed: 8)
    for round in 0..<50 {
      let place = "\(folder.path)/\(round)"
      plan.threads = round % 2 + 1
      plan.loaderThreads = round % 3
      var steps = 0
      // Stopped several times, in training and in the middle of evaluations.
      while true {
        let countdown = Countdown(Int.random(in: 0..<30, using: &random))
        let part = try plan.make()
        let result = try part.trainer.run(in: place, resuming: true, isCancelled: { countdown.isOver })
        #expect(result.steps >= steps)
        steps = result.steps
        if result.reason == .cancelled { continue }
        #expect(result.steps == 23 && part.bits == whole.bits, "round \(round)")
        #expect(result.trainLoss == outcome.trainLoss && result.validation == outcome.validation)
        break
      }
      #expect(try log(place) == reference, "round \(round)")
    }
  }

  @Test("A run that died anywhere goes on from its last checkpoint as the uninterrupted one") func died() throws {
    let folder = try TemporaryFolder()
    var plan = TinyRun()
    (plan.options.steps, plan.options.checkpointEvery, plan.options.evaluateEvery) = (19, 3, 5)
    let whole = try plan.make()
    _ = try whole.trainer.run(in: "\(folder.path)/whole")
    let reference = try log("\(folder.path)/whole")
    for index in 0..<20 {
      let place = "\(folder.path)/\(index)"
      plan.points.failsAt = index
      let died = try plan.make()
      #expect(throws: TinyPoints.Failure.self) { try died.trainer.run(in: place) }
      // A line that was cut off, as it is when the machine goes down.
      let handle = try FileHandle(forWritingTo: URL(filePath: "\(place)/metrics.jsonl"))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(#"{"step":1,"lo"#.utf8))
      try handle.close()
      plan.points.failsAt = nil
      let part = try plan.make()
      _ = try part.trainer.run(in: place, resuming: true)
      #expect(part.bits == whole.bits, "element \(index)")
      #expect(try log(place) == reference, "element \(index)")
    }
  }

  @Test("Any number of threads gives the same loss and the same weights") func threads() throws {
    let folder = try TemporaryFolder()
    var plan = TinyRun()
    plan.batch = 32
    let one = try plan.make()
    _ = try one.trainer.run(in: "\(folder.path)/1")
    plan.threads = 2
    let two = try plan.make()
    _ = try two.trainer.run(in: "\(folder.path)/2")
    #expect(one.bits == two.bits)
    #expect(try log("\(folder.path)/1") == log("\(folder.path)/2"))
  }

  @Test("Each element is learned from once an epoch, wherever the run was interrupted") func eachOnce() throws {
    let folder = try TemporaryFolder()
    var plan = TinyRun()
    // 37 elements in batches of 4: ten steps an epoch.
    (plan.batch, plan.options.steps) = (4, 30)
    var random = Random(seed: 21)
    for round in 0..<100 {
      var seen: [[Int]] = []
      var reason = TrainingOutcome.Reason.cancelled
      while reason == .cancelled {
        let countdown = Countdown(Int.random(in: 1..<18, using: &random))
        let part = try plan.make()
        let place = "\(folder.path)/\(round)"
        reason = try part.trainer.run(in: place, resuming: true, isCancelled: { countdown.isOver }).reason
        seen += part.model.seen
      }
      #expect(seen.count == 3 * 37)
      for epoch in 0..<3 {
        #expect(seen.filter { $0[0] == epoch }.map { $0[1] }.sorted() == Array(0..<37), "round \(round), \(epoch)")
      }
    }
  }

  @Test("A finished run that is resumed takes no step and says what it said") func finishedAlready() throws {
    let folder = try TemporaryFolder()
    var plan = TinyRun()
    plan.options.evaluateEvery = 10
    let first = try plan.make().trainer.run(in: folder.path)
    let again = try plan.make()
    let second = try again.trainer.run(in: folder.path, resuming: true)
    #expect(again.model.seen.isEmpty && second.reason == .finished && second.steps == 20)
    #expect(second.trainLoss == first.trainLoss && second.validation == first.validation)
    #expect(second.checkpoint == first.checkpoint)
    // And goes on when it is to be longer.
    plan.options.steps = 25
    #expect(try plan.make().trainer.run(in: folder.path, resuming: true).steps == 25)
  }

  @Test("A loss that is no number ends the run with the step's number and leaves the checkpoint") func notFinite()
    throws
  {
    let folder = try TemporaryFolder()
    var plan = TinyRun()
    plan.options.checkpointEvery = 5
    for (factor, text) in [(Double.nan, "nan"), (.infinity, "inf")] {
      plan.broken = (12, factor)
      let run = try plan.make()
      #expect(throws: TrainingError.notFinite(step: 13, what: "loss", value: text)) {
        try run.trainer.run(in: "\(folder.path)/\(text)")
      }
      #expect(CheckpointStore(reading: "\(folder.path)/\(text)").steps == [5, 10])
      // The weights are those before the step, finite.
      #expect(
        run.model.parameters.allSatisfy { $0.value.floats.allSatisfy(\.isFinite) } && run.optimizer.stepCount == 12)
    }
  }

  @Test("A run that becomes no better ends early, after an interruption too") func patience() throws {
    let folder = try TemporaryFolder()
    var plan = TinyRun()
    // Plain descent soon gets no more of the few held-out points right.
    plan.rule = SGD()
    (plan.options.steps, plan.options.evaluateEvery) = (1000, 2)
    plan.options.watch = TrainerOptions.Watch("accuracy", rises: true, patience: 3)
    plan.options.checkpointEvery = 2
    let whole = try plan.make()
    let outcome = try whole.trainer.run(in: "\(folder.path)/whole")
    #expect(outcome.reason == .stoppedEarly && outcome.steps < 1000)
    for stop in [1, 7, 12] {
      let countdown = Countdown(stop)
      let place = "\(folder.path)/\(stop)"
      _ = try plan.make().trainer.run(in: place, isCancelled: { countdown.isOver })
      let part = try plan.make()
      let result = try part.trainer.run(in: place, resuming: true)
      #expect(result.reason == .stoppedEarly && result.steps == outcome.steps && part.bits == whole.bits)
    }
    plan.options.watch = TrainerOptions.Watch("accurac", patience: 3)
    #expect(
      throws: TrainingError.invalidOption(field: "watch.metric", value: "accurac", expected: "one of accuracy, loss")
    ) { try plan.make().trainer.run(in: "\(folder.path)/wrong") }
  }

  @Test("A checkpoint of other settings or another model is refused by what differs") func otherRun() throws {
    let folder = try TemporaryFolder()
    var plan = TinyRun()
    plan.options.configuration = ["optimizer": ["rate": .number(0.1), "kind": "adamw"], "batch": 8]
    _ = try plan.make().trainer.run(in: folder.path)
    #expect(throws: TrainingError.notEmpty(path: folder.path)) { try plan.make().trainer.run(in: folder.path) }
    var other = plan
    other.options.configuration = ["optimizer": ["rate": .number(0.2), "kind": "adamw"], "batch": 8]
    #expect(throws: TrainingError.otherRun(field: "optimizer.rate", found: "0.1", expected: "0.2")) {
      try other.make().trainer.run(in: folder.path, resuming: true)
    }
    other = plan
    other.options.seed = 3
    #expect(throws: TrainingError.otherRun(field: "seed", found: "0", expected: "3")) {
      try other.make().trainer.run(in: folder.path, resuming: true)
    }
    other = plan
    other.isAveraged = true
    #expect(throws: TrainingError.otherRun(field: "average of the weights", found: "missing", expected: "there")) {
      try other.make().trainer.run(in: folder.path, resuming: true)
    }
    other = plan
    other.rule = SGD(momentum: 0.9)
    #expect(throws: OptimizerError.self) { try other.make().trainer.run(in: folder.path, resuming: true) }
    other = plan
    other.points = TinyPoints(count: 38)
    #expect(throws: DataError.wrongState(field: "count", found: "37", expected: "38")) {
      try other.make().trainer.run(in: folder.path, resuming: true)
    }
  }

  @Test("Settings outside their ranges are refused by name") func settings() throws {
    var plan = TinyRun()
    plan.options.accumulate = 0
    #expect(throws: TrainingError.invalidOption(field: "accumulate", value: "0", expected: "1 or more")) {
      try plan.make()
    }
    plan = TinyRun()
    plan.options.clip = .nan
    #expect(throws: TrainingError.self) { try plan.make() }
    plan = TinyRun()
    plan.points = TinyPoints(count: 0)
    let folder = try TemporaryFolder()
    #expect(throws: TrainingError.noBatches) { try plan.make().trainer.run(in: folder.path) }
  }
}

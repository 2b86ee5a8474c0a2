import Planner
import Testing

@Suite struct FrontierPredictionTests {
  @Test func speedsStateAndWorkAreMet() throws {
    let rows = try FrontierPrediction().predictions()
    let speeds = rows.filter { $0.name.contains("part of peak") }
    #expect(speeds.count == 3 && speeds.allSatisfy(\.met), "\(speeds.map(\.predicted))")
    #expect(speeds.filter { !$0.heldOut }.map(\.name) == ["GPT 22B, part of peak, %"])
    let state = rows.filter { $0.name.contains("state at 14") }
    #expect(state.count == 3 && state.allSatisfy { $0.met && !$0.verified })
    let others = rows.filter { $0.name.contains("weak") || $0.name.contains("operations") }
    #expect(others.count == 3 && others.allSatisfy(\.met))
  }

  /// The paper's observations, as laws of the model.
  @Test func observationsAreLaws() throws {
    let model = try FrontierPrediction().model
    let item = FrontierPrediction.cases[0]
    func speed(_ layout: ParallelLayout, batch: Int) throws -> Double {
      let run = try FrontierPrediction.run(item, batch: batch)
      return try model.estimate(run, layout, checksMemory: false).teraflops(run)
    }
    // 1. At fixed devices speed falls as groups grow past the fast link.
    let groups = try [2, 4, 8, 16].map { t in
      try speed(ParallelLayout(tensor: t, pipeline: 4, data: 16 / t), batch: 512)
    }
    #expect(zip(groups, groups.dropFirst()).allSatisfy { $0 > $1 }, "\(groups)")
    // 2. At a fixed batch it falls as stages grow; with the batch growing alike it stays.
    let stages = [2, 4, 8, 16]
    let fixed = try stages.map { try speed(ParallelLayout(tensor: 2, pipeline: $0, data: 1), batch: 32) }
    #expect(zip(fixed, fixed.dropFirst()).allSatisfy { $0 > $1 }, "\(fixed)")
    let grown = try stages.map { try speed(ParallelLayout(tensor: 2, pipeline: $0, data: 1), batch: 16 * $0) }
    #expect(grown[0] / grown[3] - 1 < (fixed[0] / fixed[3] - 1) / 2, "\(grown)")
    // 3. More microbatches fill the pipeline, each doubling less.
    let more = try [16, 32, 64, 128, 256].map { try speed(ParallelLayout(tensor: 2, pipeline: 8, data: 1), batch: $0) }
    let gains = zip(more, more.dropFirst()).map { $1 / $0 }
    #expect(gains.allSatisfy { $0 > 1 } && zip(gains, gains.dropFirst()).allSatisfy { $0 > $1 }, "\(gains)")
    // 5. Attention in tiles gains; the paper says more than this.
    let run = try FrontierPrediction.run(item)
    let kept = try TrainingRun(item.shape, sequence: 2048, batch: item.batch)
    let tiled = try model.estimate(run, item.layout, checksMemory: false).seconds
    #expect(try model.estimate(kept, item.layout, checksMemory: false).seconds > 1.05 * tiled)
  }

  @Test func stateIsCountedInThreeWays() {
    for accounting in StateAccounting.allCases {
      let widths = accounting.widths
      #expect(widths.weights + widths.gradients + widths.optimizer == Double(accounting.rawValue))
    }
  }

  /// Efficiencies by their definitions, from steps that are estimated one by one.
  @Test func efficienciesAreTheirDefinitions() throws {
    let model = try FrontierPrediction().model
    let item = FrontierPrediction.cases[1]
    let run = try FrontierPrediction.run(item, batch: 640)
    let weak = try ScalingStudy(.weak, run, item.layout, copies: [4, 1, 2], model)
    #expect(weak.points.map(\.devices) == [64, 128, 256] && weak.points.map(\.batch) == [640, 1280, 2560])
    #expect(weak.points[0].efficiency == 1)
    for point in weak.points {
      let speed = Double(point.batch) / point.estimate.seconds / Double(point.devices)
      let first = 640 / weak.points[0].estimate.seconds / 64
      #expect(abs(point.efficiency - speed / first) < 1e-12)
    }
    let strong = try ScalingStudy(.strong, run, item.layout, copies: [1, 4], model)
    #expect(strong.points.allSatisfy { $0.batch == 640 })
    let (a, b) = (strong.points[0], strong.points[1])
    #expect(abs(b.efficiency - a.estimate.seconds * 64 / (b.estimate.seconds * 256)) < 1e-12 && b.efficiency < 1)
    for copies in [[], [0], [-1, 2], [.max], [3, 640 * 3]] {
      #expect(throws: PlannerError.self) { try ScalingStudy(.strong, run, item.layout, copies: copies, model) }
    }
    #expect(throws: PlannerError.self) { try ScalingStudy(.weak, run, item.layout, copies: [3, 4], model) }
  }
}

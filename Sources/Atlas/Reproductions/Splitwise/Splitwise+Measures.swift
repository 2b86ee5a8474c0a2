import Formats
import Planner
import Profiling

extension Splitwise {
  /// The simulator's speed, the interpolation's error, and the paper's clusters.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    var measures = try speed(conditions)
    try conditions.next("interpolation")
    let error = try SplitwisePrediction.interpolationError()
    measures += [
      Measure(
        "mean error of prompts between measurements, a fifth of the medians left out", unit: "%",
        ours: Summary([100 * error.prompts]), target: .atMost(3, .ours)),
      Measure(
        "mean error of tokens between measurements, a fifth of the medians left out", unit: "%",
        ours: Summary([100 * error.tokens]), target: .atMost(3, .ours)),
    ]
    for kind in ["prompt", "token"] {
      let rows = try predictions().filter { $0.heldOut && $0.name.hasSuffix("\(kind) ms") }
      measures.append(
        Measure(
          "mean error of the device model's \(kind)s, Llama-2-70B on two devices, rows held out", unit: "%",
          ours: Summary([100 * rows.reduce(0) { $0 + abs($1.error) } / Double(max(1, rows.count))]),
          target: .atMost(15, .ours)))
    }
    return measures + (try clusters(conditions))
  }

  /// Seconds of simulating 40 machines at 70 conversations a second, on one thread.
  private func speed(_ conditions: RunConditions) throws -> [Measure] {
    let cluster = try SplitwiseCluster(.ha, prompts: 25, tokens: 15)
    func measure(_ name: String, seconds: Double, turns: Int, most: Double) throws -> Measure {
      try conditions.next("simulating \(name)")
      let load = try ServingLoad.azure(.conversation, rate: 70, seconds: seconds)
      let requests = load.requests(seed: 0)
      var events: UInt64 = 0
      let times = try (0..<turns).map { _ in
        try TimingProtocol.time { events = try cluster.run(requests).events }
      }
      return Measure(
        "simulating \(name) of 40 machines at 70 requests/s, one thread, \(events) events", unit: "s",
        ours: Summary(times), target: .atMost(most, .ours))
    }
    var measures = [try measure("two minutes", seconds: 120, turns: conditions.quick ? 3 : 5, most: 2)]
    if !conditions.quick { measures.append(try measure("an hour", seconds: 3600, turns: 3, most: 60)) }
    return measures
  }

  /// A ratio between clusters beside the published one; the target is on how far apart they are.
  private func ratio(_ name: String, _ found: Double, _ published: Double) -> [Measure] {
    [
      Measure(
        name, unit: "", ours: Summary([found]), peer: Summary([published]), peerName: "published"),
      Measure(
        "\(name), distance from the published figure", unit: "%", ours: Summary([100 * abs(found / published - 1)]),
        target: .atMost(25, .ours)),
    ]
  }

  /// The paper's comparisons, by rates that keep its nine promises and by the least machines that take a rate.
  private func clusters(_ conditions: RunConditions) throws -> [Measure] {
    // Conversations, as the paper's figures; two minutes, more seeds where there is time.
    let search = try SplitwiseProvisioning(
      .conversation, seeds: conditions.quick ? [0] : [0, 1], threads: conditions.threads)
    let step = conditions.quick ? 10.0 : 5
    func best(_ design: SplitwiseDesign, _ machines: Int) throws -> (cluster: SplitwiseCluster, rate: Double) {
      try conditions.next("\(machines) machines of \(design.rawValue)")
      let stride = conditions.quick ? 8 : 3
      let divisions =
        design.isSplit
        ? Swift.stride(from: stride, to: machines, by: stride).map { (prompts: $0, tokens: machines - $0) }
        : [(prompts: machines, tokens: 0)]
      guard let found = try search.best(design, of: divisions, step: step) else {
        throw PlannerError.invalid(field: design.rawValue, problem: "\(machines) machines take no load")
      }
      return found
    }
    // 40 H100 machines draw what 70 A100 machines do, and cost what 86 do (the public simulator's clusters).
    let baselineA = try best(.baselineA100, 70)
    let baselineH = try best(.baselineH100, 40)
    let (aaByPower, aaByCost) = (try best(.aa, 70), try best(.aa, 86))
    var measures =
      ratio("rate of AA over Baseline-A100, 70 machines each", aaByPower.rate / baselineA.rate, 2.15)
      + ratio("rate of AA over Baseline-H100 at equal cost, 86 and 40 machines", aaByCost.rate / baselineH.rate, 1.4)
    // Sizing tries hundreds of clusters.
    if conditions.quick { return measures }
    func least(
      _ design: SplitwiseDesign, _ search: SplitwiseProvisioning, rate: Double, _ goal: SplitwiseProvisioning.Goal
    ) throws -> SplitwiseCluster {
      try conditions.next("sizing \(design.rawValue)")
      guard let found = try search.least(design, rate: rate, goal: goal, most: goal == .machines ? 40 : 90) else {
        throw PlannerError.invalid(field: design.rawValue, problem: "no cluster takes \(rate) requests/s")
      }
      return found
    }
    let power = try least(.hhCap, search, rate: baselineH.rate, .power)
    let cost = try least(.aa, search, rate: baselineH.rate, .cost)
    measures += ratio(
      "power of HHcap over Baseline-H100's at its rate", power.power / baselineH.cluster.power, 0.75)
    measures += ratio("cost of AA over Baseline-H100's at its rate", cost.price / baselineH.cluster.price, 0.75)
    let coding = try SplitwiseProvisioning(
      .coding, seeds: conditions.quick ? [0] : [0, 1, 2], threads: conditions.threads)
    let hh = try least(.hh, coding, rate: 70, .machines)
    for (name, found, published) in [("prompts", hh.prompts, 27), ("tokens", hh.tokens, 3)] {
      measures.append(
        Measure(
          "machines for \(name), HH, coding at 70 requests/s", unit: "", ours: Summary([Double(found)]),
          peer: Summary([Double(published)]), peerName: "published"))
      measures.append(
        Measure(
          "machines for \(name), distance from the published number", unit: "",
          ours: Summary([Double(abs(found - published))]), target: .atMost(4, .ours)))
    }
    return measures
  }
}

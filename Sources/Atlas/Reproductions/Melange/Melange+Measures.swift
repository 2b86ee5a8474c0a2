import Formats
import Planner
import Profiling

extension Melange {
  /// The solver's time, how its mixes serve, and the signs of comparisons.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) async throws -> [Measure] {
    let prediction = try MelangePrediction()
    var measures = try solving(prediction, conditions)
    for (workload, promise) in [(MelangePrediction.Workload.arena, 0.12), (.mixed, 0.12), (.pubmed, 0.04)] {
      try conditions.next("serving \(workload.rawValue)")
      let service = try prediction.service(workload, rate: 16, promise: promise).service
      let allocation = try service.solve()
      let validation = try MelangeValidation(
        allocation, of: service, profiles: prediction.profiles, buckets: prediction.buckets, promise: promise,
        seconds: conditions.quick ? 120 : 600)
      let counts = zip(service.types, allocation.counts).filter { $1 > 0 }.map { "\($1) \($0.name)" }
      measures.append(
        Measure(
          "requests within \(Int(1e3 * promise)) ms a token, \(workload.rawValue) at 16 requests/s, simulated, on "
            + counts.joined(separator: " + "),
          unit: "%", ours: Summary([100 * validation.attainment]), target: .atLeast(97, .ours)))
    }
    // Places of L4, A10G, A100 and H100; tokens per dollar relative to A100.
    func cheapest(_ input: Int, _ output: Int) -> Int? {
      prediction.profiles.indices.max {
        prediction.advantage(of: $0, over: 2, input: input, output: output)
          < prediction.advantage(of: $1, over: 2, input: input, output: output)
      }
    }
    let (small, large) = (cheapest(25, 25), cheapest(8000, 2000))
    measures.append(
      Measure(
        "L4 or A10G has the most tokens per dollar at 25 → 25, A100 or H100 at 8000 → 2000 (1 is yes)", unit: "",
        ours: Summary([small ?? 9 < 2 && large ?? 0 > 1 ? 1 : 0]), target: .atLeast(1, .ours)))
    func share(_ promise: Double) throws -> Double {
      let allocations = try prediction.savings(.pubmed, promise: promise).allocations
      let price = prediction.profiles[3].plan.device.price?.value ?? 0
      return allocations.reduce(0) { $0 + Double($1.counts[3]) * price } / allocations.reduce(0) { $0 + $1.cost }
    }
    measures.append(
      Measure(
        "H100's part of the cost of PubMed's mixes, 40 ms over 120 ms", unit: "",
        ours: Summary([try share(0.04)]), peer: Summary([try share(0.12)]), peerName: "at 120 ms",
        ratio: RatioEstimate(ours: [try share(0.12) + 1e-9], theirs: [try share(0.04) + 1e-9]), target: .atLeast(1)))
    return measures + (try await engine(conditions))
  }

  /// The solver's time, HiGHS taking turns with it.
  private func solving(_ prediction: MelangePrediction, _ conditions: RunConditions) throws -> [Measure] {
    let peer = ScriptPeer.start("scipy", script: "scipy_worker.py", conditions)
    var (ours, theirs, paired): ([Double], [Double], [Double]) = ([], [], [])
    var (unproved, dearer, cheaper) = (0, 0, 0)
    for workload in MelangePrediction.Workload.allCases {
      for promise in [0.04, 0.12] {
        for rate in conditions.quick ? [8.0] : [1, 2, 4, 8, 16, 32, 128] {
          try conditions.next("solving \(workload.rawValue), \(Int(1e3 * promise)) ms, \(rate) requests/s")
          let service = try prediction.service(workload, rate: rate, promise: promise).service
          var cost = 0.0
          let seconds = try TimingProtocol.time { cost = try service.solve().cost }
          ours.append(seconds)
          guard case .success(let worker) = peer else { continue }
          let answer = try worker.request(Self.program(service))
          guard let time = answer["seconds"]?.double, let found = answer["cost"]?.double else {
            throw ProfilingError.peerFailed(name: "scipy", problem: "an answer without seconds and cost")
          }
          paired.append(seconds)
          theirs.append(time)
          unproved += answer["proven"] == .bool(true) ? 0 : 1
          if cost > found * (1 + 1e-6) { dearer += 1 }
          if cost < found * (1 - 1e-6) { cheaper += 1 }
        }
      }
    }
    var absent: String?
    if case .failure(let error) = peer { absent = "\(error)" }
    let slowest = zip(paired, theirs).map { $0 / $1 }.max()
    let notes =
      absent == nil
      ? "; it is dearer \(dearer) times and cheaper \(cheaper), HiGHS' proof is not there after 10 s \(unproved) times; at "
        + "most \(scientific(slowest ?? 0, digits: 2)) of its time" : ""
    return [
      Measure(
        "slowest of \(ours.count) optima, 4 types × 60 buckets × 8 slices, one thread", unit: "s",
        ours: ours.max().flatMap { Summary([$0]) }, target: .atMost(1, .ours)),
      Measure(
        "these optima beside HiGHS, interleaved\(notes)", unit: "s", ours: Summary(ours), peer: Summary(theirs),
        peerName: "HiGHS by scipy", ratio: RatioEstimate(ours: paired, theirs: theirs), target: .atLeast(0.5),
        absent: absent),
    ]
  }

  /// The program as the peer reads it: the part of an instance that a slice of each bucket takes.
  private static func program(_ service: MelangeService) -> JSON {
    let buckets = service.rates.indices.filter { service.rates[$0] > 0 }
    return [
      "op": "fleet", "slices": .integer(service.slices), "seconds": 10,
      "prices": .array(service.types.map { .number($0.price) }),
      "loads": .array(
        buckets.map { bucket in
          .array(
            service.types.map { type in
              type.rates[bucket] > 0
                ? .number(service.rates[bucket] / Double(service.slices) / type.rates[bucket]) : .null
            })
        }),
    ]
  }
}

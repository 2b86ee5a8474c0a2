import CVenturi
import Compression
import Formats
import Planner
import Profiling

extension Melange {
  /// Seconds of a profile that is asked for: all types, all buckets.
  private static let profileSeconds = 300.0
  /// Ten tokens a second, faster than one reads.
  private static let promise = 0.1
  /// By how much more is rented than the mean rate needs, for bursts.
  private static let overprovision = 0.2
  /// The parts of requests by prompts' lengths (rows) and answers' (columns): short ones are asked most.
  private static let parts = [[0.25, 0.15], [0.20, 0.15], [0.15, 0.10]]

  /// This engine as types of instances: profiled, allocated, and served by emulation.
  ///
  /// - Throws: what the engine and the planner throw; `CancellationError`.
  func engine(_ conditions: RunConditions) async throws -> [Measure] {
    guard let model = conditions.modelPath else {
      return [
        Measure(
          "instances of this engine, profiled and served", unit: "", ours: nil, absent: "smollm2 has not been pulled")
      ]
    }
    let buckets = try MelangeProfile.Buckets(inputs: [16, 64, 192], outputs: [16, 64])
    var types: [Profiled] = []
    let (four, sixteen) = (
      try ModelVariant(model, as: [.q4_0, .q4_1, .q4_K_M, .q4_K_S, .iq4_nl], conditions),
      try ModelVariant(model, as: [.f16], conditions)
    )
    let begun = vt_monotonic_seconds()
    for threads in Set([1, conditions.threads]).sorted() {
      // A second thread costs a little less than the first; without 4-bit weights a fifth less is asked.
      let price = 1 + 0.9 * Double(threads - 1)
      for (bits, variant, price) in [("4-bit", four, price), ("16-bit", sixteen, 0.8 * price)] {
        types.append(
          try await Profiled(
            "\(threads) \(threads == 1 ? "thread" : "threads"), \(bits)", price: price, path: variant.path,
            threads: threads, buckets, promise: Self.promise, conditions))
      }
    }
    let seconds = vt_monotonic_seconds() - begun
    // The files go with these.
    withExtendedLifetime((four, sixteen)) {}
    try conditions.next("the cheapest mix of these")
    var measures = [
      Measure(
        "profile of \(types.count) types × \(buckets.sizes.count) sizes, measured", unit: "s", ours: Summary([seconds]),
        target: conditions.quick ? nil : .atMost(Self.profileSeconds, .ours))
    ]
    measures += try types.map { try $0.measure(buckets, promise: Self.promise) }
    return measures + (try serve(types, buckets, conditions))
  }

  /// An instance with the most requests of each size that it serves.
  struct Profiled {
    let name: String
    let machine: ServingMachine
    let type: MelangeService.InstanceType
    /// The mean error of interpolated steps.
    let stepError: Double

    init(
      _ name: String, price: Double, path: String, threads: Int, _ buckets: MelangeProfile.Buckets, promise: Double,
      _ conditions: RunConditions
    ) async throws {
      let longest = buckets.sizes.reduce(0) { max($0, $1.input + $1.output) }
      let instance = try EngineInstance(
        name, price: price, path: path, threads: threads, longest: longest, conditions)
      var rates: [Double] = []
      for size in buckets.sizes {
        rates.append(try await instance.most(prompt: size.input, output: size.output, promise: promise)?.rate ?? 0)
      }
      self.name = name
      machine = try instance.machine()
      type = MelangeService.InstanceType(name, price: price, rates: rates)
      stepError = instance.error
    }

    /// The rates, beside those of the emulated instance by the same procedure.
    func measure(_ buckets: MelangeProfile.Buckets, promise: Double) throws -> Measure {
      let emulated = try buckets.sizes.map { size in
        try MelangeValidation.capacity(
          machine, policy: EngineInstance.policy,
          requests: [SimulatedRequest](
            repeating: SimulatedRequest(arrival: 0, promptTokens: size.input, outputTokens: size.output), count: 200),
          promise: promise)
      }
      let served = zip(type.rates, emulated).filter { $0 > 0 && $1 > 0 }
      let errors = served.map { 100 * abs($1 / $0 - 1) }
      let listed = zip(buckets.names, type.rates).map { "\($0): \(scientific($1, digits: 3))" }
      return Measure(
        "\(name): most requests/s within \(Int(1e3 * promise)) ms a token, \(listed.joined(separator: ", ")); errors of the "
          + "emulated instance's (steps between measured ones: \(scientific(100 * stepError, digits: 2)) %)",
        unit: "%", ours: Summary(errors))
    }
  }

  /// The mix for a service as large as a dozen of the first type, served for five minutes by emulation.
  private func serve(
    _ types: [Profiled], _ buckets: MelangeProfile.Buckets, _ conditions: RunConditions
  ) throws -> [Measure] {
    let parts = Self.parts.flatMap { $0 }
    let first = types[0].type
    let work = zip(parts, first.rates).reduce(0) { $1.1 > 0 ? $0 + $1.0 / $1.1 : $0 }
    let rate = work > 0 ? 12 / work : 1
    func service(_ overprovision: Double) throws -> MelangeService {
      try MelangeService(
        types: types.map(\.type), distribution: parts, rate: rate, overprovision: overprovision, names: buckets.names)
    }
    let rented = try service(Self.overprovision)
    try conditions.keep("fleet.json", Self.file(rented, buckets, rate: rate))
    var allocation = try rented.solve()
    let singles = rented.types.indices.compactMap { rented.single($0)?.cost }
    let mix = zip(rented.types, allocation.counts).filter { $1 > 0 }.map { "\($1) of \($0.name)" }
    var measures = [
      Measure(
        "the cheapest mix for \(scientific(rate, digits: 3)) requests/s: \(mix.joined(separator: ", "))", unit: "$/h",
        ours: Summary([allocation.cost]), peer: singles.min().flatMap { Summary([$0]) },
        peerName: "the best single type",
        ratio: singles.min().flatMap { RatioEstimate(ours: [allocation.cost], theirs: [$0]) }, target: .atLeast(1))
    ]
    // What comes is the mean rate: the program's loads at that.
    allocation.loads = allocation.loads.map { $0 / (1 + Self.overprovision) }
    let validation = try MelangeValidation(
      allocation, of: try service(0), machines: types.map { ($0.machine, EngineInstance.policy) }, buckets: buckets,
      promise: Self.promise, seconds: conditions.quick ? 60 : 300)
    measures.append(
      Measure(
        "requests within \(Int(1e3 * Self.promise)) ms a token, five minutes of random arrivals at the emulated instances",
        unit: "%", ours: Summary([100 * validation.attainment]), target: .atLeast(97, .ours)))
    var (busy, used): ([Double], [Double]) = ([], [])
    var lines: [String] = []
    for fleet in validation.fleets {
      guard let type = types.first(where: { $0.name == fleet.name }) else { continue }
      let most = try MelangeValidation.capacity(
        type.machine, policy: EngineInstance.policy, requests: fleet.requests, promise: Self.promise)
      let seconds = conditions.quick ? 60.0 : 300
      let share = most > 0 ? Double(fleet.requests.count) / seconds / Double(fleet.count) / most : .infinity
      busy.append(100 * abs(fleet.busy - fleet.planned))
      used.append(100 * abs(share - fleet.planned))
      func percent(_ part: Double) -> String { "\(Int((100 * min(part, 1e6)).rounded())) %" }
      lines.append(
        "\(fleet.name): planned \(percent(fleet.planned)), of its capacity \(percent(share)), busy \(percent(fleet.busy))"
      )
    }
    measures += [
      Measure(
        "load of each type in the simulation, of what it can serve of its mix within the promise, from the program's: points ("
          + lines.joined(separator: "; ") + ")",
        unit: "points", ours: Summary(used), target: .atMost(10, .ours)),
      Measure(
        "the part of the time that each type computes, from the program's load", unit: "points", ours: Summary(busy),
        target: .atMost(10, .ours)),
    ]
    return measures
  }

  /// The service as `plan fleet --config` reads it.
  private static func file(_ service: MelangeService, _ buckets: MelangeProfile.Buckets, rate: Double) -> JSON {
    func rows(_ values: [Double]) -> JSON {
      let columns = buckets.outputs.count
      return .array(
        buckets.inputs.indices.map { row in .array((0..<columns).map { .number(values[row * columns + $0]) }) })
    }
    return [
      "gpu_info": .object(
        service.types.map { type in
          JSON.Member(type.name, ["cost": .number(type.price), "tputs": rows(type.rates)])
        }),
      "workload_distribution": rows(parts.flatMap { $0 }), "total_request_rate": .number(rate),
      "slice_factor": .integer(service.slices), "overprovision": .number(overprovision),
      "input_lengths": .array(buckets.inputs.map { .integer($0) }),
      "output_lengths": .array(buckets.outputs.map { .integer($0) }),
    ]
  }
}

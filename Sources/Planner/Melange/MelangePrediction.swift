import Costs

/// The paper's savings and comparisons, from a device model of which nothing is fitted on them.
public struct MelangePrediction: Sendable {
  /// Sizes of requests of the three services that were evaluated.
  public enum Workload: String, Sendable, Hashable, Codable, CaseIterable {
    /// Chatbot Arena: short.
    case arena
    /// PubMed summaries: long prompts.
    case pubmed
    /// Four fifths of the first, one of the second.
    case mixed
  }

  /// The accelerators of the evaluation.
  public static let devices = ["L4", "A10G", "A100-SXM-80GB", "H100-SXM"]

  /// The types' machines.
  public let profiles: [MelangeProfile]
  /// The sizes.
  public let buckets = MelangeProfile.Buckets.standard

  /// Llama-2-7B on the four accelerators.
  ///
  /// The fractions that are reached of arithmetic and of memory are those that Splitwise's measurements of two A100
  /// gave (``SplitwisePrediction``), and so is the overhead, for 32 layers instead of 80.
  ///
  /// - Throws: ``PlannerError``.
  public init() throws(PlannerError) {
    let small = try ModelCatalogue.published.entry("Llama-2-7B").shape
    profiles = try Self.profiles(small, fit: try Self.fit())
  }

  /// What Splitwise's measurements of two A100 gave.
  ///
  /// - Throws: ``PlannerError``.
  public static func fit() throws(PlannerError) -> SplitwisePrediction {
    let device: Device
    do { device = try DeviceCatalogue.published.device("A100-SXM-80GB").group(of: 2) } catch { throw .device(error) }
    return try SplitwisePrediction(
      fittedOn: SplitwiseProfile.measured(.llama70BOnTwo, on: .a100).rows,
      shape: try ModelCatalogue.published.entry("Llama-2-70B").shape, device: device)
  }

  /// The four accelerators with a model, at a fit's fractions.
  ///
  /// - Throws: ``PlannerError``.
  public static func profiles(
    _ model: TransformerShape, fit: SplitwisePrediction, names: [String] = devices
  ) throws(PlannerError) -> [MelangeProfile] {
    var options = ServingPlan.Options()
    options.precision = .f16
    options.overhead = fit.overhead * Double(model.layers) / Double(fit.shape.layers)
    let costs = try RooflineCostModel(fallback: Efficiency(compute: fit.compute, memory: fit.memory))
    var profiles: [MelangeProfile] = []
    for name in names {
      let device: Device
      do { device = try DeviceCatalogue.published.device(name) } catch { throw .device(error) }
      profiles.append(MelangeProfile(try ServingPlan(model: model, on: device, costs: costs, options: options)))
    }
    return profiles
  }

  /// The parts of requests in buckets. Means are the sheet's; logarithms deviate by 1 in conversations and by
  /// 0.5 in summaries, which is assumed.
  public static func distribution(_ workload: Workload, _ buckets: MelangeProfile.Buckets) -> [Double] {
    let short = buckets.logNormal(input: 150, output: 200, sigma: (1, 1))
    let long = buckets.logNormal(input: 4000, output: 250, sigma: (0.5, 0.5))
    return switch workload {
    case .arena: short
    case .pubmed: long
    case .mixed: zip(short, long).map { 0.8 * $0 + 0.2 * $1 }
    }
  }

  /// The service of a workload; buckets that no accelerator serves within the promise are left out, their part with
  /// them.
  ///
  /// - Throws: ``PlannerError``.
  public func service(
    _ workload: Workload, rate: Double, promise: Double
  ) throws(PlannerError) -> (service: MelangeService, leftOut: Double) {
    let types = profiles.map { $0.type(buckets, promise: promise, price: $0.plan.device.price?.value ?? 0) }
    var parts = Self.distribution(workload, buckets)
    var leftOut = 0.0
    for index in parts.indices where types.allSatisfy({ $0.rates[index] == 0 }) {
      leftOut += parts[index]
      parts[index] = 0
    }
    return (
      try MelangeService(types: types, distribution: parts, rate: rate, names: buckets.names), leftOut
    )
  }

  /// How much cheaper the mix is than each type alone, for rates of 1 to 32 requests a second: the least and the most,
  /// of types that serve the load alone.
  ///
  /// - Throws: ``PlannerError``.
  public func savings(
    _ workload: Workload, promise: Double, rates: [Double] = [1, 2, 4, 8, 16, 32]
  ) throws(PlannerError) -> (least: Double, most: Double, allocations: [MelangeAllocation]) {
    var (least, most) = (Double.infinity, 0.0)
    var allocations: [MelangeAllocation] = []
    for rate in rates {
      let service = try service(workload, rate: rate, promise: promise).service
      let allocation = try service.solve()
      allocations.append(allocation)
      for type in service.types.indices {
        guard let single = service.single(type), single.cost > 0 else { continue }
        let saved = max(0, 1 - allocation.cost / single.cost)
        (least, most) = (min(least, saved), max(most, saved))
      }
    }
    return (least, most, allocations)
  }

  /// Tokens per dollar of one type over another's at one size, without a promise.
  public func advantage(of one: Int, over other: Int, input: Int, output: Int) -> Double {
    func perDollar(_ type: Int) -> Double {
      profiles[type].rate(input: input, output: output, promise: 1e6) / (profiles[type].plan.device.price?.value ?? 1)
    }
    return perDollar(one) / perDollar(other) - 1
  }

  /// What the authors published: savings in per cent, least and most, by workload and promise in milliseconds.
  public static let published: [(workload: Workload, promise: Double, least: Double, most: Double)] = [
    (.arena, 0.12, 15, 77), (.arena, 0.04, 9, 68), (.pubmed, 0.12, 15, 33), (.pubmed, 0.04, 2, 22),
    (.mixed, 0.12, 13, 51), (.mixed, 0.04, 4, 51),
  ]

  /// Savings as fractions kept of the single type's cost, and the two comparisons of tokens per dollar.
  ///
  /// A saving's error is judged in points: 15 are allowed, 30 and 25 of the comparisons. The device's limits alone
  /// say nothing of savings.
  ///
  /// - Throws: ``PlannerError``.
  public func predictions() throws(PlannerError) -> [Prediction] {
    let blog = "tyler-griggs.github.io/blogs/melange, read in github.com/tyler-griggs/melange-release docs/index.md"
    func row(_ name: String, _ published: Double, _ predicted: Double, _ points: Double) -> Prediction {
      Prediction(
        of: Published(name, Figure(published, source: blog, date: "2024"), verified: true), predicted: predicted,
        plainRoofline: .nan, limit: points / published, heldOut: true)
    }
    var predictions: [Prediction] = []
    for (workload, promise, least, most) in Self.published {
      let found = try savings(workload, promise: promise)
      let name = "Llama-2-7B, \(workload.rawValue), \(Int((promise * 1e3).rounded())) ms, saved"
      predictions.append(row("\(name) at least, %", least, 100 * found.least, 15))
      predictions.append(row("\(name) at most, %", most, 100 * found.most, 15))
    }
    // What the model can hold: Llama-2's context.
    let sizes = buckets.sizes.filter { $0.input + $0.output <= 4096 }
    let a10g = sizes.map { advantage(of: 1, over: 2, input: $0.input, output: $0.output) }
    let a100 = sizes.map { advantage(of: 2, over: 1, input: $0.input, output: $0.output) }.filter(\.isFinite)
    predictions.append(
      row("Llama-2-7B, tokens per dollar of A10G over A100 at most, %", 72, 100 * (a10g.max() ?? 0), 30))
    predictions.append(
      row("Llama-2-7B, tokens per dollar of A100 over A10G at most, %", 38, 100 * (a100.max() ?? 0), 25))
    return predictions
  }
}

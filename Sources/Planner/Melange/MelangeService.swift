// Mélange: Cost Efficient Large Language Model Serving by Exploiting GPU Heterogeneity (2024),
// https://arxiv.org/abs/2404.14527: the cheapest mix of accelerator types for a service.

/// A service, and the types of instances that it may rent.
public struct MelangeService: Sendable, Hashable {
  /// A type of instance: one accelerator, or several as one.
  public struct InstanceType: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// US dollars an hour.
    public var price: Double
    /// The most requests a second of each bucket alone that keep the promise; zero where none does.
    public var rates: [Double]
    /// Instances that can be had.
    public var most: Int?
    /// Instances that must be rented.
    public var least: Int

    /// A type from its parts.
    public init(_ name: String, price: Double, rates: [Double], most: Int? = nil, least: Int = 0) {
      self.name = name
      self.price = price
      self.rates = rates
      self.most = most
      self.least = least
    }
  }

  /// The types.
  public let types: [InstanceType]
  /// Requests a second of each bucket of sizes.
  public let rates: [Double]
  /// Into how many equal slices a bucket may be divided between types (the slice factor f).
  public let slices: Int
  /// The buckets' names, for errors.
  public let names: [String]

  /// A service.
  ///
  /// - Parameters:
  ///   - types: what can be rented.
  ///   - distribution: the part of requests in each bucket; parts that sum to something else than one count as they
  ///     are.
  ///   - rate: requests a second, λ.
  ///   - slices: the slice factor f.
  ///   - overprovision: the part ε by which the rate is taken to be higher, for bursts.
  ///   - names: the buckets' names; by default their places.
  /// - Throws: ``PlannerError/invalid(field:problem:)``, also for buckets that no type serves.
  public init(
    types: [InstanceType], distribution: [Double], rate: Double, slices: Int = 8, overprovision: Double = 0,
    names: [String]? = nil
  ) throws(PlannerError) {
    guard (1...32).contains(types.count) else {
      throw .invalid(field: "gpu_info", problem: "\(types.count) types lie outside 1…32")
    }
    guard (1...4096).contains(distribution.count) else {
      throw .invalid(field: "workload_distribution", problem: "\(distribution.count) buckets lie outside 1…4096")
    }
    guard (1...64).contains(slices) else {
      throw .invalid(field: "slice_factor", problem: "\(slices) lies outside 1…64")
    }
    guard rate >= 0, rate <= 1e9 else {
      throw .invalid(field: "total_request_rate", problem: "\(rate) lies outside 0…10⁹ requests/s")
    }
    guard overprovision >= 0, overprovision <= 100 else {
      throw .invalid(field: "overprovision", problem: "\(overprovision) lies outside 0…100")
    }
    for part in distribution where !(part >= 0 && part <= 1e6) {
      throw .invalid(field: "workload_distribution", problem: "\(part) is no part of the requests")
    }
    let places = names ?? distribution.indices.map { "bucket \($0)" }
    guard places.count == distribution.count else {
      throw .invalid(field: "names", problem: "\(places.count) for \(distribution.count) buckets")
    }
    for type in types {
      guard type.price > 0, type.price <= 1e9 else {
        throw .invalid(field: "gpu_info.\(type.name).cost", problem: "\(type.price) lies outside 0…10⁹ $/h")
      }
      guard type.rates.count == distribution.count else {
        throw .invalid(
          field: "gpu_info.\(type.name).tputs", problem: "\(type.rates.count) for \(distribution.count) buckets")
      }
      for rate in type.rates where !(rate == 0 || (rate >= 1e-9 && rate <= 1e12)) {
        throw .invalid(field: "gpu_info.\(type.name).tputs", problem: "\(rate) is not 0 or 10⁻⁹…10¹²")
      }
      guard type.least >= 0, type.least <= type.most ?? 1 << 20, type.most ?? 0 <= 1 << 20, type.most ?? 0 >= 0 else {
        throw .invalid(
          field: "gpu_info.\(type.name)", problem: "\(type.least) to \(type.most.map { "\($0)" } ?? "any") instances")
      }
    }
    let rates = distribution.map { $0 * rate * (1 + overprovision) }
    let alone = rates.indices.filter { index in rates[index] > 0 && types.allSatisfy { $0.rates[index] == 0 } }
    guard alone.isEmpty else {
      let named = alone.prefix(8).map { places[$0] }.joined(separator: ", ") + (alone.count > 8 ? " …" : "")
      throw .invalid(
        field: "workload_distribution",
        problem: "no type serves \(named) within the promise"
      )
    }
    self.types = types
    self.rates = rates
    self.slices = slices
    self.names = places
  }

  /// The part of an instance that a slice of a bucket takes; infinite where the type does not serve it.
  func load(_ bucket: Int, _ type: Int) -> Double {
    let most = types[type].rates[bucket]
    return most > 0 ? rates[bucket] / Double(slices) / most : .infinity
  }

  /// Instances of one type alone, and what they cost an hour; `nil` where it does not serve every bucket or there are
  /// too few.
  public func single(_ type: Int) -> (count: Int, cost: Double)? {
    var load = 0.0
    for bucket in rates.indices where rates[bucket] > 0 { load += Double(slices) * self.load(bucket, type) }
    guard load <= Double(types[type].most ?? 1 << 20) else { return nil }
    let count = max(types[type].least, Int((load * (1 - MelangeSolver.tolerance)).rounded(.up)))
    return (count, Double(count) * types[type].price)
  }
}

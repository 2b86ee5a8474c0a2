import Costs
import Formats
import Tensors

/// What bounds the operators of a model on a machine, measured: arithmetic, memory and caches.
///
/// The roofline (Williams, Waterman, Patterson, 2009) with caches (Ilic, Pratas, Sousa: Cache-aware roofline model, 2014):
/// weights and states come from memory, unless the last cache holds all of the step's; what the operators hand to each
/// other comes from the smallest cache that holds what one operator reads and writes of it.
public struct MachineLimits: Sendable {
  /// Arithmetic and memory.
  public var ceilings: Ceilings
  /// Caches, the smallest first.
  public var caches: [CacheLevel]
  /// The bytes over which memory was read, again and again.
  public var sweptBytes: Int

  /// Limits from their parts.
  public init(ceilings: Ceilings, caches: [CacheLevel], sweptBytes: Int) {
    self.ceilings = ceilings
    self.caches = caches
    self.sweptBytes = sweptBytes
  }

  /// Measures all of it with the threads and kernels of `context`.
  ///
  /// - Parameter bytes: what is read from memory again and again: a model's weights. A cache keeps some of it from sweep to
  ///   sweep, as it does of the weights, so the rate is that of this size; at least twice the largest cache.
  /// - Throws: `TensorError` when there is no memory.
  public static func measure(context: Context, bytes: Int) throws -> MachineLimits {
    let caches = try CacheLevel.measure(context: context)
    let swept = max(bytes, 2 * (caches.last?.bytes ?? 64 << 20))
    return MachineLimits(
      ceilings: try Ceilings.measure(context: context, bytes: swept / context.workers.count), caches: caches,
      sweptBytes: swept)
  }

  /// Operations a second at a precision; that of f32 for precisions that the kernels compute in f32. The best slice counts:
  /// one that other programs disturbed says nothing about a limit.
  func rate(_ precision: Precision) -> Double { 1e9 * (ceilings.chains[Ceilings.Chain(precision)]?.max ?? .nan) }

  /// Bytes a second from the smallest place that holds `bytes`, and its name.
  func place(of bytes: Double) -> (name: String, rate: Double) {
    guard let cache = caches.first(where: { bytes <= Double($0.bytes) }) else {
      return ("memory", 1e9 * ceilings.bestRead.max)
    }
    return (cache.name, 1e9 * cache.read.max)
  }

  /// The least seconds of an operator in a step whose weights and states have `stepBytes` bytes.
  public func limits(_ cost: OperatorCost, _ arithmetic: [Precision: Double], stepBytes: Double) -> OperatorLimits {
    let compute = arithmetic.reduce(0) { $0 + cost.total.flops * $1.value / rate($1.key) }
    let handed = max(0, cost.total.bytes - cost.residentBytes)
    // A cache holds a step's weights only if the last one holds them all: they are read in the same order each time.
    let isCached = caches.last.map { stepBytes <= Double($0.bytes) } ?? false
    let resident = place(of: isCached ? stepBytes : .infinity)
    let near = place(of: handed)
    let residentSeconds = cost.residentBytes / resident.rate
    // Two places deliver side by side; at one and the same both wait for it.
    let nearSeconds = near.name == resident.name ? cost.total.bytes / near.rate : handed / near.rate
    return residentSeconds >= nearSeconds
      ? OperatorLimits(compute: compute, traffic: residentSeconds, place: resident.name)
      : OperatorLimits(compute: compute, traffic: nearSeconds, place: near.name)
  }

  /// The figures of ``Ceilings`` and the caches.
  public var json: JSON {
    .object(
      (ceilings.json.members ?? []) + [
        JSON.Member("readBytes", .integer(sweptBytes)), JSON.Member("caches", .array(caches.map(\.json))),
      ])
  }
}

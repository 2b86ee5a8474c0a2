#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The energy that a piece of work takes: by the processor's own counters where they can be read, else processor seconds
/// times a stated power, which is an estimate and is called so.
package struct EnergyMeter: Sendable {
  /// Joules, and how they came about.
  package struct Reading: Sendable, Hashable {
    package var joules: Double
    package var isMeasured: Bool
  }

  /// Watts of a processor at work, for estimates.
  package let watts: Double
  private let counters: [(path: String, range: Double)]

  /// A meter that estimates at `watts` for each busy processor where there are no counters.
  package init(watts: Double = 10, folder: String = "/sys/class/powercap") {
    self.watts = watts
    // The packages only: what is in them is counted once.
    counters = (0..<16).compactMap { index in
      let path = "\(folder)/intel-rapl:\(index)"
      guard Self.number("\(path)/energy_uj") != nil else { return nil }
      return ("\(path)/energy_uj", Self.number("\(path)/max_energy_range_uj") ?? 0)
    }
  }

  /// Whether there are counters.
  package var isMeasured: Bool { !counters.isEmpty }

  /// A point in time that readings count from.
  package struct Mark: Sendable {
    fileprivate var microjoules: [Double]
    fileprivate var processorSeconds: Double
  }

  /// Now.
  package func mark() -> Mark {
    Mark(microjoules: counters.map { Self.number($0.path) ?? .nan }, processorSeconds: ProcessTime.now)
  }

  /// What was taken since. Counters go round; work of less than a round is counted right.
  package func reading(since mark: Mark) -> Reading {
    if counters.isEmpty {
      return Reading(joules: watts * (ProcessTime.now - mark.processorSeconds), isMeasured: false)
    }
    let sum = zip(counters, mark.microjoules).reduce(0.0) { sum, counter in
      let difference = (Self.number(counter.0.path) ?? .nan) - counter.1
      return sum + (difference < 0 ? difference + counter.0.range : difference)
    }
    return Reading(joules: sum * 1e-6, isMeasured: true)
  }

  private static func number(_ path: String) -> Double? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    return Double(text.filter { $0.isNumber })
  }
}

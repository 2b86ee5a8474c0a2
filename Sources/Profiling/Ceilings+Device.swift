import Costs

extension Ceilings {
  /// This machine as a device of the catalogue: its measured rates, and reads at the fastest pattern.
  ///
  /// - Parameters:
  ///   - name: what the catalogue calls it, for instance the processor's name.
  ///   - memoryBytes: the memory that the system has.
  ///   - date: when it was measured, `2026-11-26`.
  public func device(name: String, memoryBytes: Int, date: String) -> Device {
    let source = "venturi doctor --measure, \(threads) \(threads == 1 ? "thread" : "threads")"
    func figure(_ value: Double) -> Figure { Figure(value, source: source, date: date) }
    var compute: [Precision: Figure] = [:]
    for (chain, rate) in chains { compute[chain.precision] = figure(rate.median * 1e9) }
    return Device(
      name: name, compute: compute, memory: Figure(Double(memoryBytes), source: "/proc/meminfo", date: date),
      bandwidth: figure(bestRead.median * 1e9))
  }
}

extension Ceilings.Chain {
  /// The format of the chain's operands.
  var precision: Precision {
    switch self {
    case .f32: .f32
    case .int8: .int8
    case .int4: .int4
    case .int16: .int16
    }
  }

  /// The chain that products at a precision run on; f32 for precisions that the kernels compute in f32.
  init(_ precision: Precision) {
    self =
      switch precision {
      case .int4: .int4
      case .int8, .fp8: .int8
      case .int16: .int16
      case .f64, .f32, .tf32, .bf16, .f16: .f32
      }
  }
}

/// What it brings to look for settings anew when the hardware changes.
public struct TransferStudy: Sendable, Hashable {
  /// The machines.
  public let machines: [String]
  /// For each machine, the place of its best settings.
  public let best: [Int]
  /// `gains[a][b]`: the best on b by what the best of a reaches there, less 1; nothing where that fails.
  public let gains: [[Double?]]

  /// A study of the same settings on several machines.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no machines, lists of different lengths or without a value above 0, and
  ///   values below 0 or that are none.
  public init(_ machines: [(name: String, values: [Double])]) throws(PlannerError) {
    var best: [Int] = []
    for machine in machines {
      guard machine.values.count == machines[0].values.count, machine.values.allSatisfy({ $0 >= 0 && $0.isFinite }),
        let place = machine.values.indices.max(by: { machine.values[$0] < machine.values[$1] }),
        machine.values[place] > 0
      else { throw .invalid(field: machine.name, problem: "has other settings, none that works, or no throughputs") }
      best.append(place)
    }
    guard !best.isEmpty else { throw .invalid(field: "machines", problem: "there are none") }
    self.machines = machines.map(\.name)
    self.best = best
    gains = best.map { from in
      zip(machines, best).map { to, own in
        to.values[from] > 0 ? to.values[own] / to.values[from] - 1 : nil
      }
    }
  }

  /// The mean gain of going from one machine to another.
  public var meanGain: Double? {
    let all = machines.indices.flatMap { from in machines.indices.filter { $0 != from }.compactMap { gains[from][$0] } }
    return all.isEmpty ? nil : all.reduce(0, +) / Double(all.count)
  }
}

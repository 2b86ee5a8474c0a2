#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension PipelineGraph {
  /// By how much productivity changes with a number.
  public struct Sensitivity: Sendable, Hashable {
    /// The number.
    public var parameter: PipelineParameter
    /// Its value.
    public var value: Double
    /// The change of productivity for each unit of it.
    public var slope: Double
    /// The per cent of productivity for each per cent of it.
    public var elasticity: Double
  }

  /// The most places of a sweep.
  public static let sweepLimit = 1 << 20

  /// Reports over one number.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a number that is not there and values that it cannot have.
  public func sweep(_ parameter: PipelineParameter, over values: [Double]) throws(PlannerError) -> [PipelineReport] {
    guard values.count <= Self.sweepLimit else {
      throw .invalid(field: "sweep", problem: "\(values.count) places, at most \(Self.sweepLimit)")
    }
    var reports: [PipelineReport] = []
    reports.reserveCapacity(values.count)
    for value in values { reports.append(try setting(parameter, to: value).evaluate()) }
    return reports
  }

  /// Reports over two numbers, row by row of the first; the same whatever the number of threads.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` as for one.
  public func sweep(
    _ first: PipelineParameter, over firstValues: [Double], _ second: PipelineParameter, over secondValues: [Double],
    threads: Int = 1
  ) throws(PlannerError) -> [[PipelineReport]] {
    guard firstValues.count <= Self.sweepLimit, secondValues.count <= Self.sweepLimit / max(1, firstValues.count)
    else {
      throw .invalid(
        field: "sweep", problem: "\(firstValues.count) × \(secondValues.count) places, at most \(Self.sweepLimit)")
    }
    return try SimulationSweep.map(firstValues, threads: threads) { value throws(PlannerError) in
      try setting(first, to: value).sweep(second, over: secondValues)
    }
  }

  /// Reports over one number while its product with another stays what it is: two reductions that share a task.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` as for one.
  public func sweep(
    _ first: PipelineParameter, over values: [Double], keepingProductWith second: PipelineParameter
  ) throws(PlannerError) -> [PipelineReport] {
    guard let a = value(of: first), let b = value(of: second) else {
      throw .invalid(field: "parameter", problem: "\(first) or \(second) is not there")
    }
    guard values.count <= Self.sweepLimit else {
      throw .invalid(field: "sweep", problem: "\(values.count) places, at most \(Self.sweepLimit)")
    }
    var reports: [PipelineReport] = []
    for value in values {
      reports.append(try setting(first, to: value).setting(second, to: a * b / value).evaluate())
    }
    return reports
  }

  /// Central differences of productivity over all numbers that are not 0, the largest elasticity first.
  public func gradients() -> [Sensitivity] {
    let middle = evaluate(truncates: false).productivity
    var found: [Sensitivity] = []
    for node in nodes {
      for field in PipelineParameter.Field.allCases {
        let parameter = PipelineParameter(node.name, field)
        guard let value = value(of: parameter), value != 0 else { continue }
        let step = 1e-4 * abs(value)
        // At an end of what a number may be, from one side.
        let low = (try? setting(parameter, to: value - step)) ?? self
        let high = (try? setting(parameter, to: value + step)) ?? self
        let ends = (low.value(of: parameter) ?? value, high.value(of: parameter) ?? value)
        guard ends.1 > ends.0 else { continue }
        let change = high.evaluate(truncates: false).productivity - low.evaluate(truncates: false).productivity
        let slope = change / (ends.1 - ends.0)
        found.append(
          Sensitivity(
            parameter: parameter, value: value, slope: slope, elasticity: middle > 0 ? slope * value / middle : 0))
      }
    }
    return found.sorted { abs($0.elasticity) > abs($1.elasticity) }
  }
}

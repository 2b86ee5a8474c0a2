import Costs

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How much of a device's limits is reached, fitted on measured steps: one set of constants for all of them.
///
/// A step takes the sum over its operators of the slower of arithmetic and traffic, each at a fraction of its limit, and so
/// many seconds for every run of an operator. The sum of the squared logarithms of predicted by measured time is least.
public struct Calibration: Sendable, Hashable {
  /// The device.
  public let device: Device
  /// The fraction of the arithmetic rate that products with weights reach.
  public let products: Double
  /// The fraction that attention reaches.
  public let attention: Double
  /// The fraction of the memory's rate that all reach.
  public let memory: Double
  /// Seconds that every run of an operator takes beyond that.
  public let overhead: Double
  /// What is predicted of the steps that constants were fitted on.
  public let fitted: [Prediction]
  /// What is predicted of the others.
  public let heldOut: [Prediction]

  /// The parameters' ranges, as logarithms; an overhead of a nanosecond is none.
  private static let bounds = [log(0.02)...0, log(0.005)...0, log(0.05)...0, log(1e-9)...log(1e-2)]

  /// Fits on the steps that say so, and judges by the others.
  ///
  /// - Parameters:
  ///   - rows: the steps.
  ///   - device: the device, at its limits.
  ///   - limit: the error that may be, as a fraction.
  ///   - source: who measured, and when.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for fewer than four fitted steps and for times that are none;
  ///   ``PlannerError/unsupportedPrecision(_:device:)``.
  public init(
    _ rows: [MeasuredStep], on device: Device, limit: Double = 0.15, source: (name: String, date: String)
  ) throws(PlannerError) {
    for row in rows where !(row.seconds > 0 && row.seconds.isFinite) {
      throw .invalid(field: row.name, problem: "\(row.seconds) seconds are no time")
    }
    let fitted = rows.filter(\.isFitted)
    guard fitted.count >= Self.bounds.count else {
      throw .invalid(
        field: "fitted rows", problem: "\(fitted.count), where \(Self.bounds.count) constants want at least as many")
    }
    let plain = try rows.map { (row) throws(PlannerError) in
      try RooflineCostModel.plain.estimate(row.step, on: device).seconds
    }
    let start = [log(0.5), log(0.2), log(0.7), log(1e-6)]
    let fit = try CurveFit(start: start, bounds: Self.bounds) { parameters in
      fitted.map { row in
        // Whether the device has the formats is known from the plain estimates.
        let seconds = (try? Self.seconds(row.step, parameters.map { exp($0) }, on: device)) ?? .infinity
        return log(seconds / row.seconds)
      }
    }
    let found = fit.parameters.map { exp($0) }
    self.device = device
    (products, attention, memory, overhead) = (found[0], found[1], found[2], found[3])
    var predictions: [Prediction] = []
    for (row, plain) in zip(rows, plain) {
      let published = Published(
        row.name, Figure(row.seconds, source: source.name, date: source.date), verified: true)
      predictions.append(
        Prediction(
          of: published, predicted: try Self.seconds(row.step, found, on: device), plainRoofline: plain, limit: limit,
          heldOut: !row.isFitted))
    }
    self.fitted = predictions.filter { !$0.heldOut }
    heldOut = predictions.filter(\.heldOut)
  }

  /// The seconds of a step on the device.
  ///
  /// - Throws: ``PlannerError/unsupportedPrecision(_:device:)``.
  public func seconds(_ step: PlannedStep) throws(PlannerError) -> Double {
    try Self.seconds(step, [products, attention, memory, overhead], on: device)
  }

  /// The cost model of the fractions; ``overhead`` comes on top, for every run of an operator.
  public var costs: RooflineCostModel {
    get throws(PlannerError) { try Self.costs([products, attention, memory]) }
  }

  private static func costs(_ constants: [Double]) throws(PlannerError) -> RooflineCostModel {
    let attention = Efficiency(compute: constants[1], memory: constants[2])
    return try RooflineCostModel(
      [
        .matmul: Efficiency(compute: constants[0], memory: constants[2]), .attention: attention,
        .attentionBackward: attention,
      ], fallback: attention)
  }

  private static func seconds(
    _ step: PlannedStep, _ constants: [Double], on device: Device
  ) throws(PlannerError) -> Double {
    let runs = step.operators.reduce(0) { $0 + $1.count }
    return try costs(constants).estimate(step, on: device).seconds + constants[3] * Double(runs)
  }
}

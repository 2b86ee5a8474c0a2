import CVenturi
import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The losses of the first steps of a run, and the most memory that it took beyond what its process had before.
public struct TrainingAgreement: Sendable {
  /// The loss before each step.
  public var losses: [Double]
  /// Resident bytes; nothing where the system does not tell.
  public var peakBytes: Int?

  /// Ours.
  ///
  /// - Throws: what the model throws.
  public static func ours(_ operation: TrainingCase, steps: Int, _ context: Context) throws -> TrainingAgreement {
    let before = resetPeak()
    let run = try operation.run(context)
    let losses = try (0..<steps).map { _ in try run.step() }
    let peak = Int(vt_memory_usage_now().peak_resident)
    return TrainingAgreement(losses: losses, peakBytes: before.map { max(0, peak - $0) })
  }

  /// What a peer answered.
  ///
  /// - Throws: ``ProfilingError/peerFailed(name:problem:)`` for an answer of another shape.
  public init(_ answer: JSON, of peer: String, steps: Int) throws(ProfilingError) {
    losses = (answer["losses"]?.elements ?? []).map { $0.double ?? .nan }
    peakBytes = answer["peakBytes"]?.double.map { Int($0) }
    guard losses.count == steps else {
      throw .peerFailed(name: peer, problem: "\(losses.count) losses for \(steps) steps")
    }
  }

  init(losses: [Double], peakBytes: Int?) {
    self.losses = losses
    self.peakBytes = peakBytes
  }

  /// The largest difference of two runs' losses, relative to the other's.
  public func difference(to other: TrainingAgreement) -> Double {
    zip(losses, other.losses).reduce(0) { worst, pair in
      let difference = abs(pair.0 - pair.1) / abs(pair.1)
      return difference.isNaN ? .infinity : max(worst, difference)
    }
  }

  /// Lets the system forget the peak, and gives what is resident now.
  static func resetPeak() -> Int? {
    let file = open("/proc/self/clear_refs", O_WRONLY)
    if file < 0 { return nil }
    defer { close(file) }
    guard write(file, "5", 1) == 1 else { return nil }
    let now = vt_memory_usage_now()
    return Int(now.resident_anonymous + now.resident_file)
  }
}

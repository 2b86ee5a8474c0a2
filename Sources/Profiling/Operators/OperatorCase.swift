import Formats
import Tensors

/// One shape of an operator that is measured beside the peers.
public protocol OperatorCase: Sendable {
  /// The row's name.
  var name: String { get }
  /// How much there is to do, in billions of what ``unit`` counts; a multiply and an add are two operations.
  var work: Double { get }
  /// What speeds are given in.
  var unit: String { get }
  /// The operator and its shape, as peers are asked for it.
  var request: [JSON.Member] { get }

  /// What peers are started for; nothing where none does such work.
  func task(threads: Int) -> PeerCatalogue.Task?

  /// The bytes over which memory's rates are measured, beyond the caches where memory is the limit.
  var ceilingBytes: Int { get }

  /// The speed that the machine sets a limit at.
  func ceiling(of machine: Ceilings) -> Double

  /// Our own side.
  ///
  /// - Throws: what the operator throws for a shape that it does not have.
  func contestant(_ context: Context) throws -> any OperatorContestant
}

extension OperatorCase {
  /// Operations.
  public var unit: String { "GFLOP/s" }

  /// Enough for rates of arithmetic.
  public var ceilingBytes: Int { 32 << 20 }

  /// The best rate of f32 multiply-adds.
  public func ceiling(of machine: Ceilings) -> Double { machine.chains[.f32]?.max ?? .nan }
}

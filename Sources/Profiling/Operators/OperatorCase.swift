import Tensors

/// One shape of an operator that is measured beside the peers.
public protocol OperatorCase: Sendable {
  /// The row's name.
  var name: String { get }
  /// Operations, a multiply and an add counted as two.
  var operations: Double { get }
  /// The operator and its shape, as peers are asked for it.
  var request: [JSON.Member] { get }

  /// What peers are started for.
  func task(threads: Int) -> PeerCatalogue.Task

  /// Our own side.
  ///
  /// - Throws: what the operator throws for a shape that it does not have.
  func contestant(_ context: Context) throws -> any OperatorContestant
}

/// Sees what products with packed matrices are given, for example to learn which columns of a weight matter.
public protocol LinearObserver: AnyObject {
  /// Called after a product has been computed; `rows` is [rows, inFeatures] of f32 and valid for the call.
  func observe(_ rows: Tensor, of matrix: PackedMatrix)
}

extension Context {
  /// Shows `observer` the inputs of all products that `body` computes on this context. Replays of captured plans are not
  /// shown.
  public func observing<Result>(with observer: any LinearObserver, _ body: () throws -> Result) rethrows -> Result {
    let before = linearObserver
    linearObserver = observer
    defer { linearObserver = before }
    return try body()
  }
}

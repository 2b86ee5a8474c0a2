/// The place of an operator in a model: `layer 3 / mixer / q,k,v`.
public struct OperatorScope: Sendable, Hashable {
  /// Which way a computation goes.
  public enum Phase: String, Sendable, Hashable, CaseIterable {
    /// What is asked for is computed.
    case forward
    /// Gradients go back: operators stand where those stand whose gradients they take.
    case backward
    /// What was not kept is computed once more for the way back.
    case recompute
  }

  /// The layer's number; nothing outside of layers.
  public var layer: Int?
  /// The parts, outermost first.
  public var path: [String]
  /// Which way the computation goes.
  public var phase: Phase = .forward

  /// A place.
  public init(layer: Int? = nil, path: [String] = []) {
    self.layer = layer
    self.path = path
  }
}

extension Context {
  /// Names the place of the operators that `body` runs, for plans and recorders; costs nothing where there are none.
  public func within<Result, Failure: Error>(
    _ part: String, layer: Int? = nil, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try within(
      { scope in
        scope.path.append(part)
        if let layer { scope.layer = layer }
      }, body)
  }

  /// Names the layer of the operators that `body` runs.
  public func within<Result, Failure: Error>(
    layer: Int, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try within({ $0.layer = layer }, body)
  }

  /// Puts the operators that `body` runs where `scope` says, on the way that `phase` says; where nothing is timed there is no
  /// scope.
  func within<Result>(_ scope: OperatorScope?, _ phase: OperatorScope.Phase, _ body: () throws -> Result) rethrows
    -> Result
  {
    guard var place = scope else { return try body() }
    place.phase = phase
    let outer = self.scope
    self.scope = place
    defer { self.scope = outer }
    return try body()
  }

  private func within<Result, Failure: Error>(
    _ change: (inout OperatorScope) -> Void, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if capturing == nil, recorder == nil { return try body() }
    let outer = scope
    change(&scope)
    defer { scope = outer }
    return try body()
  }
}

extension Engine {
  /// The names of the adapters that it has.
  public var adapterNames: [String] { adapters?.sources.map(\.name) ?? [] }

  /// This engine with an adapter: what its sessions generate is what the model gives with the adapter's changes. Sessions of
  /// any adapters share steps as all do.
  ///
  /// - Throws: ``InferenceError/unknownAdapter(name:known:)``.
  public func adapted(by name: String) throws(InferenceError) -> Engine {
    guard adapterNames.contains(name) else { throw .unknownAdapter(name: name, known: adapterNames) }
    return Engine(self, holding: self, adapter: name)
  }
}

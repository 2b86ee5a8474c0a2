extension Session {
  /// Writes the session to a file, after running generations have ended: its tokens, the state that they left and the
  /// conversation. ``restore(from:)`` and ``Engine/session(fromFile:)`` go on from there with the same bits, in this process or
  /// another, with the same model, settings and kernels. The file is whole and on the disk, or what was there stays.
  ///
  /// A state that cannot leave memory, a model that came from no file, and what an adapter has computed are refused.
  ///
  /// - Returns: the file's bytes: those of the state's pages, and a little more.
  /// - Throws: ``InferenceError/sessionFile(path:field:problem:)``, ``InferenceError/system(operation:path:code:)``; the model's
  ///   errors.
  @discardableResult public func save(to path: String) async throws -> Int {
    let snapshot = try await snapshot()
    return try await Thread.run { [engine] in try SessionFile.write(snapshot, of: engine, to: path) }
  }

  /// Goes back to what a file holds, after running generations have ended.
  ///
  /// - Throws: ``InferenceError/sessionFile(path:field:problem:)`` for a file of another model, setting or version and for one
  ///   that is not as it was written, naming the field; ``InferenceError/system(operation:path:code:)``; the model's errors.
  ///   Then nothing has changed.
  public func restore(from path: String) async throws {
    try await restore(try await Thread.run { [engine] in try SessionFile.read(path, for: engine) })
  }
}

extension Engine {
  /// A session that goes on from a file that ``Session/save(to:)`` wrote.
  ///
  /// - Throws: what ``Session/restore(from:)`` throws.
  public func session(fromFile path: String) async throws -> Session {
    let found = try await Thread.run { try SessionFile.read(path, for: self) }
    return Session(
      engine: self, content: Session.Content(tokens: found.tokens, state: found.state, messages: found.messages))
  }
}

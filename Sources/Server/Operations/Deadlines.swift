/// How long a client and the server may take, in seconds.
public struct Deadlines: Sendable {
  /// Until a request whose head has come is there as a whole.
  public var read = 30.0
  /// Until a client has taken what was written to it.
  public var write = 30.0
  /// Until a connection without a request is closed; also until a request's head is there.
  public var idle = 75.0
  /// Between two signs of life of a stream that has nothing to say.
  public var ping = 15.0
  /// Until running answers are ended after the server was told to stop.
  public var drain = 30.0

  /// Deadlines with defaults.
  public init() {}

  /// Checks every value.
  ///
  /// - Throws: ``ServerError/invalidSetting(field:value:problem:)``.
  public func validate() throws(ServerError) {
    let all = [("read", read), ("write", write), ("idle", idle), ("ping", ping), ("drain", drain)]
    for (field, value) in all where !(0.01...86_400).contains(value) && !(field == "drain" && value == 0) {
      throw .invalidSetting(field: "deadlines.\(field)", value: "\(value)", problem: "must be from 0.01 to 86400")
    }
  }
}

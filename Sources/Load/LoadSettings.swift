/// The load that a run puts on a server.
public struct LoadSettings: Sendable {
  /// What answers are asked for.
  public enum Kind: String, Sendable {
    /// `/v1/completions`: the prompt is the text.
    case completion
    /// `/v1/chat/completions`: the prompt is a user's message, to which the server adds its template.
    case chat
  }

  /// Which of the server's models; its name there.
  public var model: String
  /// What answers are asked for.
  public var kind: Kind = .completion
  /// When requests come.
  public var arrivals: Arrivals = .closed(clients: 1)
  /// The number of requests after those of the warm-up; `nil` for as many as `seconds` allow.
  public var requests: Int?
  /// Seconds after which no request is sent any more; `nil` for as long as `requests` take.
  public var seconds: Double?
  /// Requests that are sent before the clock starts, by as many clients as the load has.
  public var warmUp = 1
  /// Whether answers may end before they have the length asked for.
  public var endsEarly = false
  /// What a user is content with.
  public var objective: ServiceObjective?
  /// The most requests at one time; further ones count as errors.
  public var maxInFlight = 1024
  /// The seed of arrivals.
  public var seed: UInt64 = 0

  /// Settings for a model; the rest has defaults.
  public init(model: String) { self.model = model }

  /// Checks every value.
  ///
  /// - Throws: ``LoadError/invalidSetting(field:value:problem:)``.
  public func validate() throws(LoadError) {
    func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(LoadError) {
      if range.contains(value) { return }
      throw .invalidSetting(
        field: field, value: "\(value)", problem: "must be from \(range.lowerBound) to \(range.upperBound)")
    }
    if requests == nil, seconds == nil {
      throw .invalidSetting(field: "requests", value: "none", problem: "requests or seconds must be given")
    }
    if let requests { try check("requests", requests, 1...Arrivals.most) }
    if let seconds, !(0.1...86_400).contains(seconds) {
      throw .invalidSetting(field: "seconds", value: "\(seconds)", problem: "must be from 0.1 to 86400")
    }
    try check("warm-up", warmUp, 0...Arrivals.most)
    try check("max-in-flight", maxInFlight, 1...65_536)
    switch arrivals {
    case .closed(let clients): try check("clients", clients, 1...4096)
    case .poisson(let rate):
      if !(1e-4...1e5).contains(rate) {
        throw .invalidSetting(field: "rate", value: "\(rate)", problem: "must be from 0.0001 to 100000 a second")
      }
      // A run must not end before its time because a bound is reached.
      if requests == nil, let seconds, rate * seconds > Double(Arrivals.most) / 2 {
        throw .invalidSetting(
          field: "rate", value: "\(rate)",
          problem: "\(seconds) seconds of it are more than \(Arrivals.most / 2) requests, which are the most")
      }
    case .recorded: break
    }
  }
}

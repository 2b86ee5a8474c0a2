/// A request as far as its work goes.
public struct SimulatedRequest: Sendable, Hashable, Codable {
  /// Seconds from the start.
  public var arrival: Double
  /// Tokens of its prompt.
  public var promptTokens: Int
  /// Tokens of its answer.
  public var outputTokens: Int

  /// A request from its parts.
  public init(arrival: Double, promptTokens: Int, outputTokens: Int) {
    self.arrival = arrival
    self.promptTokens = promptTokens
    self.outputTokens = outputTokens
  }

  /// Checks that requests are in the order of their arrival, no more than can be simulated, and of sizes that can be.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  static func check(_ requests: [SimulatedRequest]) throws(PlannerError) {
    guard requests.count <= ServingLoad.mostRequests else {
      throw .invalid(field: "requests", problem: "\(requests.count) are more than \(ServingLoad.mostRequests)")
    }
    var last = 0.0
    for (number, request) in requests.enumerated() {
      guard request.arrival >= last, request.arrival < 1e12 else {
        throw .invalid(field: "requests[\(number)].arrival", problem: "\(request.arrival) s after \(last) s")
      }
      last = request.arrival
      for (field, tokens) in [("promptTokens", request.promptTokens), ("outputTokens", request.outputTokens)]
      where !(1...1 << 24).contains(tokens) {
        throw .invalid(field: "requests[\(number)].\(field)", problem: "\(tokens) lies outside 1…2²⁴")
      }
    }
  }
}

/// When the tokens of a request came, as an engine counts them.
struct TokenTimes {
  let request: SimulatedRequest
  private(set) var generated = 0
  private var first = 0.0
  private var last = 0.0
  private var longestGap = 0.0

  init(_ request: SimulatedRequest) { self.request = request }

  /// Counts the next token and the gap before it; returns whether it is the last.
  mutating func emit(at now: Double, gaps: inout StreamingPercentiles) -> Bool {
    generated += 1
    if generated == 1 {
      first = now
    } else {
      let gap = now - last
      gaps.add(gap)
      longestGap = max(longestGap, gap)
    }
    last = now
    return generated == request.outputTokens
  }

  /// What the request's answer was, by its arrival.
  var answer: ServingReport.Answer {
    ServingReport.Answer(
      request: request, firstToken: first - request.arrival, lastToken: last - request.arrival, longestGap: longestGap)
  }
}

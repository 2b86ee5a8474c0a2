import Formats

extension LoadResult {
  /// All figures; times in seconds.
  public var json: JSON {
    func counts(_ counts: [String: Int]) -> JSON {
      .object(counts.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .integer($0.value)) })
    }
    var members: [JSON.Member] = [
      JSON.Member("load", .string(settings.arrivals.name)),
      JSON.Member("seconds", .rounded(seconds)), JSON.Member("answered", .integer(answered)),
      JSON.Member("errors", counts(errors)), JSON.Member("warmUpErrors", counts(warmUpErrors)),
      JSON.Member("tokensPerSecond", .rounded(tokensPerSecond)),
      JSON.Member("requestsPerSecond", .rounded(requestsPerSecond)),
      JSON.Member("timeToFirstToken", firstToken?.json ?? .null),
      JSON.Member("interToken", gaps?.json ?? .null),
      JSON.Member("meanInterToken", interToken?.json ?? .null),
      JSON.Member("endToEnd", endToEnd?.json ?? .null),
    ]
    if let goodPerSecond, let goodShare {
      members.append(JSON.Member("goodput", .rounded(goodPerSecond)))
      members.append(JSON.Member("goodShare", .rounded(goodShare)))
    }
    members += [
      JSON.Member("promptTokens", .integer(promptTokens)), JSON.Member("cachedTokens", .integer(cachedTokens)),
      JSON.Member("outputTokens", .integer(outputTokens)), JSON.Member("otherPrompts", .integer(otherPrompts)),
      JSON.Member("shortAnswers", .integer(shortAnswers)), JSON.Member("repeatedPrompts", .integer(repeatedPrompts)),
      JSON.Member("resent", .integer(resent)), JSON.Member("sentLate", lag?.json ?? .null),
      JSON.Member("generatorSeconds", .rounded(generatorSeconds)),
    ]
    if !examples.isEmpty {
      members.append(
        JSON.Member(
          "examples", .object(examples.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) })))
    }
    return .object(members)
  }
}

import Formats
import Profiling

/// What the rounds of a contest under one load say together.
public struct ContestResult: Sendable {
  /// The load.
  public let load: String
  /// The rounds, as ``ServerContest/round(_:number:)`` gave them.
  public let rounds: [JSON]
  /// The servers, ours first.
  public let names: [String]

  /// The rounds of a load.
  public init(load: String, rounds: [JSON], names: [String]) {
    (self.load, self.rounds, self.names) = (load, rounds, names)
  }

  /// A figure of a server over the rounds: its path of member names.
  public func summary(_ server: String, _ path: String...) -> Summary? { Summary(figures(server, path)) }

  /// How many times more tokens a second ours generates than the other.
  public var throughputRatio: RatioEstimate? {
    guard let (ours, theirs) = pairs(["tokensPerSecond"]) else { return nil }
    return RatioEstimate(ours: theirs, theirs: ours)
  }

  /// How many times longer the other's median time to the first token is than ours.
  public var firstTokenRatio: RatioEstimate? {
    guard let (ours, theirs) = pairs(["timeToFirstToken", "p50"]) else { return nil }
    return RatioEstimate(ours: ours, theirs: theirs)
  }

  private func figures(_ server: String, _ path: [String]) -> [Double] {
    rounds.compactMap { round in
      path.reduce(round[server]) { $0?[$1] }?.double
    }
  }

  private func pairs(_ path: [String]) -> (ours: [Double], theirs: [Double])? {
    guard names.count == 2 else { return nil }
    let (ours, theirs) = (figures(names[0], path), figures(names[1], path))
    return ours.count == rounds.count && theirs.count == rounds.count ? (ours, theirs) : nil
  }

  /// `load`, a member for each server with medians and ranges, the ratios, and the rounds.
  public var json: JSON {
    let servers = names.map { name -> JSON.Member in
      let errors = rounds.reduce(0) { sum, round in
        sum + (round[name]?["errors"]?.members ?? []).reduce(0) { $0 + ($1.value.int ?? 0) }
      }
      return JSON.Member(
        name,
        [
          "tokensPerSecond": summary(name, "tokensPerSecond")?.json ?? .null,
          "timeToFirstTokenP50": summary(name, "timeToFirstToken", "p50")?.json ?? .null,
          "timeToFirstTokenP99": summary(name, "timeToFirstToken", "p99")?.json ?? .null,
          "interTokenP50": summary(name, "interToken", "p50")?.json ?? .null,
          "interTokenP99": summary(name, "interToken", "p99")?.json ?? .null,
          "endToEndP50": summary(name, "endToEnd", "p50")?.json ?? .null,
          "goodput": summary(name, "goodput")?.json ?? .null,
          "peakBytes": summary(name, "peakBytes")?.json ?? .null, "errors": .integer(errors),
        ])
    }
    return .object(
      [JSON.Member("load", .string(load))] + servers + [
        JSON.Member("throughputRatio", throughputRatio?.json ?? .null),
        JSON.Member("firstTokenRatio", firstTokenRatio?.json ?? .null), JSON.Member("rounds", .array(rounds)),
      ])
  }
}

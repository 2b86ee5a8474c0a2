import Formats

/// Ours and the peers' speed at one piece of work, and the ratio that counts: against the strongest peer.
public struct Comparison: Sendable {
  /// The speeds of one contestant, in units of work a second.
  public struct Entry: Sendable {
    /// Median and range.
    public var rate: Summary
    /// The configuration that was the fastest.
    public var variant: String
    /// Seconds of every turn.
    var seconds: [Double]
  }

  /// Ours.
  public private(set) var ours: Summary
  private var ownSeconds: [Double]
  /// The peers that did the work.
  public private(set) var peers: [(name: String, entry: Entry)] = []
  /// The peers that did not, and why.
  public private(set) var absent: [(name: String, reason: String)] = []
  /// The peer with the highest median, if any took part.
  public private(set) var strongest: String?
  /// Ours ÷ the strongest peer's.
  public private(set) var ratio: RatioEstimate?

  /// Runs ours, every rival in this process and every peer in turns over `work` units of work.
  ///
  /// - Throws: what our own turn throws; `CancellationError`.
  public init(
    work: Double, request: [JSON.Member], field: PeerField?, rivals: [TimingProtocol.Contestant] = [],
    protocol timing: TimingProtocol, ours turn: @escaping () throws -> Double
  ) throws {
    let race = field?.contestants(for: request)
    let outcomes = try timing.run(
      [TimingProtocol.Contestant("ours", turn: turn)] + rivals + (race?.contestants ?? []))
    guard let own = outcomes.first, own.failure == nil, let rate = Summary(own.seconds.map { work / $0 }) else {
      throw ProfilingError.invalidSetting(field: "ours", problem: outcomes.first?.failure ?? "no turn was taken")
    }
    ours = rate
    ownSeconds = own.seconds
    absent = field?.absent ?? []
    for (name, reason) in (race?.failures ?? [:]).sorted(by: { $0.key < $1.key }) { absent.append((name, reason)) }
    for outcome in outcomes.dropFirst() {
      guard outcome.failure == nil, let rate = Summary(outcome.seconds.map { work / $0 }) else {
        absent.append((outcome.name, outcome.failure ?? "no turn was taken"))
        continue
      }
      let variant = race?.variants[outcome.name] ?? ""
      peers.append((outcome.name, Entry(rate: rate, variant: variant, seconds: outcome.seconds)))
    }
    if let best = peers.max(by: { $0.entry.rate.median < $1.entry.rate.median }) {
      strongest = best.name
      ratio = RatioEstimate(ours: own.seconds, theirs: best.entry.seconds)
    }
  }

  /// Ours ÷ the peer's; `nil` for a peer that took no part.
  public func ratio(to name: String) -> RatioEstimate? {
    peers.first { $0.name == name }.flatMap { RatioEstimate(ours: ownSeconds, theirs: $0.entry.seconds) }
  }

  /// `ours`, `peers`, `strongest`, `ratio` and `absent` as members of a row.
  public var members: [JSON.Member] {
    var members = [JSON.Member("ours", ours.json)]
    members.append(
      JSON.Member(
        "peers",
        .object(
          peers.map { peer in
            var summary = peer.entry.rate.json.members ?? []
            if !peer.entry.variant.isEmpty { summary.append(JSON.Member("variant", .string(peer.entry.variant))) }
            return JSON.Member(peer.name, .object(summary))
          })))
    members.append(JSON.Member("strongest", strongest.map { .string($0) } ?? .null))
    members.append(JSON.Member("ratio", ratio?.json ?? .null))
    if !absent.isEmpty {
      members.append(JSON.Member("absent", .object(absent.map { JSON.Member($0.name, .string($0.reason)) })))
    }
    return members
  }
}

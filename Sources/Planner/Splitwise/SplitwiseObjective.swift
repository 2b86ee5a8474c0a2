/// The paper's promise: by how many times slower than alone on an A100 machine answers may be, at three percentiles.
public struct SplitwiseObjective: Sendable, Hashable {
  /// One of the nine.
  public struct Item: Sendable, Hashable {
    /// `ttft`, `tbt` or `e2e`.
    public var name: String
    /// The percentile.
    public var percent: Double
    /// The most that it may be slower.
    public var limit: Double
    /// How much slower it is.
    public var slowdown: Double
    /// Whether it holds.
    public var isMet: Bool { slowdown <= limit }
  }

  /// All nine.
  public var items: [Item]
  /// Whether all hold and every request was answered.
  public var isMet: Bool
  /// The one that is furthest beyond its limit, or nearest to it.
  public var worst: Item? { items.max { $0.slowdown / $0.limit < $1.slowdown / $1.limit } }

  private static let percents = [50.0, 90, 99]
  private static let limits = ["ttft": [2.0, 3, 6], "tbt": [1.25, 1.5, 5], "e2e": [1.25, 1.5, 5]]

  /// How the report's answers fare. Answers of one token have no time between tokens.
  public init(_ report: ServingReport, model: SplitwiseProfile.Model) {
    let alone = SplitwiseProfile.measured(model, on: .a100)
    let token = alone.seconds(of: IterationBatch(sequences: 1))
    var values: [String: [Double]] = [:]
    for answer in report.answers {
      let prompt = alone.seconds(of: IterationBatch(promptTokens: answer.request.promptTokens))
      let gaps = Double(answer.request.outputTokens - 1)
      values["ttft", default: []].append(answer.firstToken / prompt)
      values["e2e", default: []].append(answer.lastToken / (prompt + gaps * token))
      if gaps > 0 { values["tbt", default: []].append(answer.meanGap / token) }
    }
    items = []
    for name in ["ttft", "tbt", "e2e"] {
      let sorted = values[name, default: []].sorted()
      for (percent, limit) in zip(Self.percents, Self.limits[name, default: []]) {
        items.append(
          Item(
            name: name, percent: percent, limit: limit,
            slowdown: ServingReport.percentile(percent, ofSorted: sorted)))
      }
    }
    isMet = report.unfinished == 0 && report.rejected == 0 && items.allSatisfy(\.isMet)
  }
}

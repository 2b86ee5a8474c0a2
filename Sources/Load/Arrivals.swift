import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// When requests come.
public enum Arrivals: Sendable, Equatable {
  /// So many clients, each of which asks again as soon as it is answered: the load adapts to the server.
  case closed(clients: Int)
  /// So many a second on average, with exponential times between them, whether the server keeps up or not.
  case poisson(rate: Double)
  /// When they came once, in seconds from the start, whether the server keeps up or not.
  case recorded([Double])

  /// The seconds from the start at which requests are due, where that does not depend on answers: `count` of them, or those before
  /// `seconds`, whichever ends first.
  public func schedule(count: Int?, seconds: Double?, seed: UInt64) -> [Double]? {
    let most = count ?? Int.max
    let end = seconds ?? .infinity
    switch self {
    case .closed: return nil
    case .recorded(let times): return Array(times.prefix(most).prefix { $0 < end })
    case .poisson(let rate):
      var random = Random(seed: seed, stream: 3)
      var times: [Double] = []
      var time = 0.0
      while times.count < min(most, Self.most) {
        // 1 - u lies in (0, 1].
        time += -log(1 - random.uniform()) / rate
        if time >= end { break }
        times.append(time)
      }
      return times
    }
  }

  /// The most requests of a run.
  public static let most = 1_000_000

  /// Words for people and programs: `8 clients`, `2.5 requests/s`, `trace`.
  public var name: String {
    switch self {
    case .closed(let clients): clients == 1 ? "1 client" : "\(clients) clients"
    case .poisson(let rate): "\(rate) requests/s"
    case .recorded: "trace"
    }
  }
}

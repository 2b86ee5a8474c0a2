/// Max-min fair rates by progressive filling: all rates grow alike until a link is full, whose flows then keep theirs, and so on.
///
/// No flow can have more without another that has no more than it having less (Bertsekas and Gallager: Data Networks, 1992).
public enum MaxMinRates {
  /// The rates of flows over links.
  ///
  /// - Parameters:
  ///   - paths: the places of each flow's links, [flows][links of one].
  ///   - capacities: what each link carries, [links].
  /// - Returns: each flow's rate, [flows]; that of a flow without links is infinite.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for links that are not there, and capacities that are none.
  public static func rates(paths: [[Int]], capacities: [Double]) throws(PlannerError) -> [Double] {
    if let bad = capacities.first(where: { !($0 >= 0 && $0 < .infinity) }) {
      throw .invalid(field: "capacities", problem: "\(bad) is no capacity")
    }
    for path in paths {
      if let bad = path.first(where: { !capacities.indices.contains($0) }) {
        throw .invalid(field: "paths", problem: "there is no link \(bad) among \(capacities.count)")
      }
    }
    var filling = Filling(capacities)
    return filling.rates(paths)
  }

  /// The arrays of one filling, kept between calls by who calls often. Paths must lie within the capacities.
  struct Filling {
    private let capacities: [Double]
    private var room: [Double]
    private var counts: [Int]
    private var flows: [[Int32]]

    init(_ capacities: [Double]) {
      self.capacities = capacities
      room = capacities
      counts = [Int](repeating: 0, count: capacities.count)
      flows = [[Int32]](repeating: [], count: capacities.count)
    }

    mutating func rates(_ paths: [[Int]]) -> [Double] {
      var used: [Int] = []
      for (flow, path) in paths.enumerated() {
        for link in path {
          if flows[link].isEmpty {
            used.append(link)
            room[link] = capacities[link]
            counts[link] = 0
          }
          flows[link].append(Int32(flow))
          counts[link] += 1
        }
      }
      defer { for link in used { flows[link].removeAll(keepingCapacity: true) } }
      var rates = [Double](repeating: .infinity, count: paths.count)
      var open = used
      while !open.isEmpty {
        var least = Double.infinity
        for link in open { least = min(least, room[link] / Double(counts[link])) }
        // Links that fill up together differ by rounding alone.
        let limit = least * (1 + 1e-12)
        for link in open where counts[link] > 0 && room[link] / Double(counts[link]) <= limit {
          let rate = max(0, room[link] / Double(counts[link]))
          for flow in flows[link] where rates[Int(flow)] == .infinity {
            rates[Int(flow)] = rate
            for other in paths[Int(flow)] {
              room[other] = max(0, room[other] - rate)
              counts[other] -= 1
            }
          }
        }
        open.removeAll { counts[$0] == 0 }
      }
      return rates
    }
  }
}

/// What nothing else beats in both cost and value.
public enum ParetoFront {
  /// The places of the points that no other beats: none has at most their cost and at least their value, one of both being
  /// better. In the order of cost; of equal points the first. Points that are not finite are left out.
  public static func indices(_ points: [(cost: Double, value: Double)]) -> [Int] {
    let order = points.indices.filter { points[$0].cost.isFinite && points[$0].value.isFinite }.sorted {
      (points[$0].cost, -points[$0].value, $0) < (points[$1].cost, -points[$1].value, $1)
    }
    var front: [Int] = []
    var best = -Double.infinity
    for index in order where points[index].value > best {
      front.append(index)
      best = points[index].value
    }
    return front
  }
}

/// A map from code points to sequences of code points.
struct PointMap: Sendable {
  private var places: [UInt32: Range<Int>] = [:]
  private var values: [UInt32] = []

  /// Reads a table: each entry is the difference of the code point from the last, shifted by 5, with the number of values,
  /// then these.
  init(_ table: StaticString) {
    let words = HexWords.parse(table)
    var index = 0
    var point: UInt32 = 0
    while index < words.count {
      point += words[index] >> 5
      let count = Int(words[index] & 31)
      places[point] = values.count..<values.count + count
      values += words[index + 1..<index + 1 + count]
      index += 1 + count
    }
  }

  /// Reads the table of canonical decompositions, where a number in front says whether the parts compose again; these come
  /// beside the map.
  static func canonical(_ table: StaticString) -> (PointMap, [(UInt32, [UInt32])]) {
    var map = PointMap(table)
    var composes: [(UInt32, [UInt32])] = []
    for (point, range) in map.places {
      let parts = range.dropFirst()
      if map.values[range.lowerBound] == 1 { composes.append((point, Array(map.values[parts]))) }
      map.places[point] = parts
    }
    return (map, composes)
  }

  subscript(point: UInt32) -> ArraySlice<UInt32>? {
    places[point].map { values[$0] }
  }
}
